import setuptools
setuptools.setup(
    install_requires=read("requirements.txt"),
    extras_require={"x": ["a", b()]},
)
