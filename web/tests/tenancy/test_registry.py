"""Every field of every table is declared once: what for, how long, and what export and erasure do with it."""

from collections import Counter
from dataclasses import replace

import pytest
from django.apps import apps
from django.conf import settings

from vallum_web.tenancy.registry import BrokenRegistryError, Export, _entry, entries, people

PACKAGES = ("vallum_web.config", *(app for app in settings.INSTALLED_APPS if app.startswith("vallum_web.")))


@pytest.mark.policy("PP-Q1", "PP-2a")
@pytest.mark.asvs("14.1.1")
def test_every_field_is_declared_exactly_once():
    fields = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
    }
    declared = Counter(f"{entry.model}.{field}" for entry in entries(PACKAGES) for field in entry.fields)
    assert sorted(fields - declared.keys()) == []
    assert sorted(declared.keys() - fields) == []
    assert [name for name, count in declared.items() if count > 1] == []


def test_what_a_person_is_given_leads_to_a_person():
    """Every table of the personal export says by which field, and the field is there to ask by."""
    told = people(entries(PACKAGES))
    assert len(told) > 15
    for label, path in told.items():
        apps.get_model(label)._default_manager.filter(**{path: "01900000-0000-7000-8000-000000000000"})
    with pytest.raises(BrokenRegistryError, match=r"shop\.Cart"):
        people([replace(entries(PACKAGES)[0], model="shop.Cart", export=Export.PERSON)])


def test_an_entry_that_is_not_whole_is_named():
    with pytest.raises(BrokenRegistryError, match=r"shop/data.toml, shop.Cart: 'fields'"):
        _entry("shop", {"model": "shop.Cart"})
