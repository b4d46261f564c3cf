Gem::Specification.new do |s|
  s.add_dependency "rack", "2.2.3"
end
