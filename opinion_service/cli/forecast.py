"""The forecast by hand: count the ended clocks anew, and see how such forecasts fared."""

import click
from flask.cli import AppGroup

from opinion_service import clock
from opinion_service.cli.output import json_option, show
from opinion_service.queries.clocks import forecasts as queries
from opinion_service.services.clocks import forecasts
from opinion_service.services.transaction import transaction

forecast_group = AppGroup("forecast", help="The chance of being in time, and whether it holds.")


@forecast_group.command("count")
def forecast_count() -> None:
    """Count the ended clocks of the last year anew."""
    click.echo(f"{forecasts.refresh(now=clock.now(), anyhow=True)} ended clocks counted.")


@forecast_group.command("check")
@json_option
def forecast_check(as_json: bool) -> None:
    """Show the back-test: chances given on later clocks by what was known before, and what came true."""
    with transaction() as session:
        test = queries.counted(session).test
    if test is None:
        raise click.ClickException("too little history: at least 60 ended clocks, 30 of one kind before the later ones")
    rows = [
        {
            "band": f"{band.low:.0%}-{band.low + 0.2:.0%}", "n": band.n,
            "given": round(band.given, 3), "came_true": round(band.came_true, 3),
        }
        for band in test.bands
    ]  # fmt: skip
    show(rows, as_json)
    figures = {"brier": round(test.brier, 4), "brier_plain": round(test.plain, 4), "error": round(test.error, 4)}
    show([{"n": test.n, **figures}], as_json)


COMMANDS = (forecast_group,)
