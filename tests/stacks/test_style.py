"""House rules that only the source can show."""

import ast
from collections.abc import Iterator
from pathlib import Path

from local import paths

COMPONENTS = sorted((paths.checkout() / "components").rglob("*.py"))
PROGRAM = paths.checkout() / "__main__.py"

EXPLICIT_ORDER = {
    "components/contract/object_store.py": "a pod names its own account, files and claim by plain text",
    "components/contract/preflights.py": "a pod names its own account and files by plain text",
    "components/postgres_ha/component.py": "pods name their own account, rights and files by plain text",
    "components/redis_ha/component.py": "pods name their own account and files by plain text",
}
"""Where `depends_on` may stand, and why data does not say it."""

SIDE_EFFECTS = {"print", "open", "exec", "eval", "input"}


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func)


def callbacks(tree: ast.AST) -> Iterator[ast.AST]:
    """What is passed to `.apply(...)`: lambdas, and functions of the same file by name."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply":
            for argument in node.args:
                yield functions.get(argument.id, argument) if isinstance(argument, ast.Name) else argument


def offences(tree: ast.AST) -> list[str]:
    """Calls in callbacks that create resources or touch the world."""
    return [
        name_of(call)
        for callback in callbacks(tree)
        for call in ast.walk(callback)
        if isinstance(call, ast.Call) and (name_of(call) in SIDE_EFFECTS or _creates(call))
    ]


def _creates(call: ast.Call) -> bool:
    """Options are what every resource gets and nothing else does."""
    given = [keyword.arg for keyword in call.keywords] + [ast.unparse(argument) for argument in call.args]
    return "opts" in given or any("child_opts(" in str(argument) for argument in given)


def ordered_by_hand(tree: ast.AST) -> bool:
    return any(
        keyword.arg == "depends_on"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and not name_of(call).endswith("ResourceOptions")
        for keyword in call.keywords
    )


def test_callbacks_create_nothing_and_touch_nothing() -> None:
    assert {str(file): found for file in COMPONENTS if (found := offences(parsed(file)))} == {}


def test_that_rule_sees_what_it_forbids() -> None:
    assert offences(ast.parse("out.apply(lambda v: Secret(self.child_name(v), opts=self.child_opts()))"))
    assert offences(ast.parse("def show(v):\n    print(v)\n\nout.apply(show)")) == ["print"]
    assert offences(ast.parse("out.apply(lambda v: v.name)")) == []


def test_order_follows_data_but_for_the_listed_exceptions() -> None:
    found = {str(file.relative_to(paths.checkout())) for file in COMPONENTS if ordered_by_hand(parsed(file))}
    assert found == set(EXPLICIT_ORDER)


def test_no_secret_is_taken_out_of_its_wrapper_but_the_public_certificate() -> None:
    found = {
        str(file.relative_to(paths.checkout()))
        for file in COMPONENTS
        for call in ast.walk(parsed(file))
        if isinstance(call, ast.Call) and name_of(call).endswith("unsecret")
    }
    assert found == {"components/credentials/component.py"}


def test_the_program_is_short_and_decides_nothing() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) < 60
    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.FunctionDef | ast.Try)]
