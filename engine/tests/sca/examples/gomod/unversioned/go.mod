module a
require b
