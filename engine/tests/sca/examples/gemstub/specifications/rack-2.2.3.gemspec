# -*- encoding: utf-8 -*-
# stub: rack 2.2.3 ruby lib

Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.add_development_dependency(%q<rake>.freeze, [">= 0"])
end
