module code.example/shop // the module

go 1.21

toolchain go1.22.3

require code.example/one v1.0.0

require (
	code.example/two/v2 v2.3.4 // indirect
	"code.example/quoted" v0.0.0-20210630005230-0f9fa26af87c
	code.example/folder v1.0.0
	code.example/forked v1.0.0 // a comment
	code.example/bad v1.5.0
	code.example/old v4.0.0+incompatible
)

replace code.example/folder => ../folder

replace (
	code.example/forked v1.0.0 => code.example/fork v1.0.1
	code.example/one v0.9.0 => code.example/never v1.0.0
)

exclude code.example/bad v1.5.0

retract [v1.0.0, v1.1.0]
