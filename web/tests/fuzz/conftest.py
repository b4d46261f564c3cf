from served import site

__all__ = ["site"]  # the fixture
