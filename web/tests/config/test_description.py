"""What the API says of itself."""

from ninja import Schema

from vallum_web.config.api import api
from vallum_web.config.links import LINKS


def subclasses(of):
    for below in of.__subclasses__():
        yield below
        yield from subclasses(below)


def test_no_two_shapes_share_a_name():
    """One of them would describe the answers of both."""
    shapes = {}
    for shape in subclasses(Schema):
        if shape.__module__.startswith("vallum_web."):
            shapes.setdefault(shape.__name__, []).append(shape.model_json_schema())
    assert [name for name, found in shapes.items() if any(other != found[0] for other in found)] == []


def test_every_operation_with_an_id_in_its_address_is_led_to():
    description = api.get_openapi_schema()
    led_to = {target for links in LINKS.values() for _, targets in links for target in targets}
    needed = {
        operation["operationId"]
        for path, operations in description["paths"].items()
        for operation in operations.values()
        if "{" in path
    }
    assert needed - led_to == set()


def test_every_parameter_of_a_query_says_what_it_is_with_an_example():
    for path, operations in api.get_openapi_schema()["paths"].items():
        for parameter in (each for operation in operations.values() for each in operation["parameters"]):
            if parameter["in"] == "query":
                assert {"description", "example"} <= parameter.keys(), (path, parameter["name"])
                assert "anyOf" not in parameter["schema"], (path, parameter["name"])
