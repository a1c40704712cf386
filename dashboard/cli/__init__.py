"""Management commands: thin, one service call each. A command's module is imported when it is used."""

from __future__ import annotations

import importlib
from typing import Any

import click

from dashboard_config import SettingsError, get_settings
from utils.exceptions import LstmPfdError
from utils.ids import new_reference_id
from utils.logger import configure_logging, setup_logger

logger = setup_logger(__name__)

# Every command and where it is defined. Modules are loaded on use, so that `run` loads no science.
COMMANDS = {
    "run": "dashboard.cli.system:run",
    "migrate": "dashboard.cli.system:migrate",
    "doctor": "dashboard.cli.system:doctor",
    "create-admin": "dashboard.cli.users:create_admin",
    "create-api-key": "dashboard.cli.users:create_api_key",
    "import": "dashboard.cli.datasets:import_files",
    "templates": "dashboard.cli.templates:templates",
    "generate": "dashboard.cli.generation:generate",
    "split": "dashboard.cli.datasets:split",
    "add-noise": "dashboard.cli.generation:add_noise",
    "features": "dashboard.cli.features:features",
    "export": "dashboard.cli.exports:export",
    "train": "dashboard.cli.experiments:train",
    "evaluate": "dashboard.cli.evaluation:evaluate",
    "explain": "dashboard.cli.explain:explain",
    "diagnose": "dashboard.cli.diagnose:diagnose",
}


class CommandGroup(click.Group):
    """A group over `COMMANDS`, and the edge that turns failures into a sentence and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command's module and return the command."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure becomes one plain sentence on stderr and exit status 1."""
        try:
            settings = get_settings()
            configure_logging(settings.effective_log_level, settings.effective_log_format)
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except LstmPfdError as error:
            raise click.ClickException(error.sentence) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # the edge of every command: logged with a reference, then said
            reference = new_reference_id()
            logger.error("command failed", extra={"reference": reference}, exc_info=True)
            raise click.ClickException(
                f"Something went wrong that should not ({type(error).__name__}). Reference: {reference}"
            ) from error


@click.group(cls=CommandGroup)
def cli() -> None:
    """LSTM-PFD: fault diagnosis of bearings from vibration recordings."""
