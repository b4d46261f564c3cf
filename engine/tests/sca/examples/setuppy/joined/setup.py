from setuptools import setup

BASE = ["left==1.0"]
MORE = BASE + ["right==2.0"]
ITSELF = ITSELF + BASE
setup(
    install_requires=MORE + ["up==3.0", *BASE],
    tests_require="pytest==7.0.0",
    extras_require={"dev": BASE, "fast": ITSELF + computed()},
)
