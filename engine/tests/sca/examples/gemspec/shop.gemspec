Gem::Specification.new do |s|
  s.name = "shop"
  s.version = Shop::VERSION
  # s.add_dependency "gone", "1.0"
  s.add_dependency "rack", "~> 2.2", ">= 2.2.3"
  s.add_runtime_dependency(%q<json>.freeze, ["= 2.6.1"])
  s.add_development_dependency 'rake', '13.0.6'
  s.add_dependency "i18n"
end
