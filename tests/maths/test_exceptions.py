"""The tree of errors: each is chalknet's own and also what a user would catch anyway."""

import pytest
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from chalknet import exceptions

PARENTS = {
    "UnknownNameError": ValueError,
    "ShapeError": ValueError,
    "ParameterError": ValueError,
    "DataError": ValueError,
    "ModelFileError": ValueError,
    "NotFittedError": SklearnNotFittedError,
    "EngineError": RuntimeError,
    "EngineUnavailableError": ImportError,
}


@pytest.mark.parametrize(("name", "parent"), PARENTS.items())
def test_each_error_is_also_a_child_of_the_familiar_one(name, parent):
    error = getattr(exceptions, name)
    assert issubclass(error, parent) and issubclass(error, exceptions.ChalknetError)
    with pytest.raises(parent, match="what to do"):
        raise error("what was given, what is allowed, what to do.")


def test_the_list_of_names_is_the_modules_and_the_drawing_shows_them_all():
    for name in exceptions.__all__:
        error = getattr(exceptions, name)
        assert error.__module__ == exceptions.__name__ and error.__doc__
        assert name in exceptions.__doc__
