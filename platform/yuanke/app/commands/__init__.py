"""The command line ``yuanke``: one file a group, imported when it is called.

The one rule: exit code 0 means the thing was done. Faults go to stderr: for definitions ``CODE summary``, the place,
the line with a caret and what to do; for refusals the sentence a person would see.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from yuanke import __version__

#: command -> the file of this folder that holds a click command of that name
WHERE = {
    "serve": "serve",
    "demo": "demo",
    "worker": "worker",
    "user": "user",
    "upgrade": "upgrade",
    "doctor": "doctor",
    "purge": "purge",
    "enterprise": "enterprise",
    "pack": "pack_apply",
    "customizations": "customizations",
    "import": "exchange",
    "export": "exchange",
}


class Commands(click.Group):
    """Finds a command by its name without importing the others; plugins may bring more (hook ``commands``)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in WHERE if _file_exists(name)] + sorted(self._brought())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in WHERE and _file_exists(cmd_name):
            module = import_module(f"yuanke.app.commands.{WHERE[cmd_name]}")
            return next((c for c in vars(module).values() if isinstance(c, click.Command) and c.name == cmd_name), None)
        return self._brought().get(cmd_name)

    def _brought(self) -> dict[str, click.Command]:
        from yuanke.app import plugins
        from yuanke.kernel.hooks import hooks

        plugins.load()
        return {command.name: command for some in hooks().hook.commands() for command in some}

    def invoke(self, ctx: click.Context) -> Any:
        """Known refusals become a sentence on stderr and exit code 1; anything else is a bug and shows itself."""
        from yuanke.app.plugins import PluginFault
        from yuanke.kernel.diagnostics import DefinitionError
        from yuanke.kernel.errors import Refusal, ValidationFailed

        try:
            return super().invoke(ctx)
        except DefinitionError as fault:
            click.echo(str(fault), err=True)
        except ValidationFailed as fault:
            click.echo(f"{fault.code}: {fault.said}", err=True)
            for field, sentences in fault.errors.items():
                for said in sentences:
                    click.echo(f"  {field or '*'}: {said}", err=True)
        except Refusal as fault:
            click.echo(f"{fault.code}: {fault.said}", err=True)
        except PluginFault as fault:
            click.echo(f"plugin: {fault}", err=True)
        ctx.exit(1)
        return None


def _file_exists(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(f"yuanke.app.commands.{WHERE[name]}") is not None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="yuanke")
def main() -> None:
    """元客 Yuanke: a CRM platform declared in YAML."""
