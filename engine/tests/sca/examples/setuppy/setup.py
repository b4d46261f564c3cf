from setuptools import setup

REQUIRED = ["left>=1.0", "way==1.2.3"]

setup(
    name="shop",
    install_requires=REQUIRED,
    tests_require=["pytest"],
    extras_require={
        "fast": ["numpy~=1.0"],
        "dev": ("mypy",),
    },
)
