"""The pages of the desk; `init_app` puts them on an application."""

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from opinion_service.domain.reminders.ladder import offset_words
from opinion_service.web import (
    access,
    account,
    desk,
    errors,
    formats,
    frame,
    guard,
    health,
    keys,
    names,
    office,
    public,
)
from opinion_service.web.casework import (
    aftermath,
    answers,
    beside,
    cases,
    co_work,
    concerns,
    evaluations,
    evidence,
    finding_texts,
    history_texts,
    inbox,
    proposals,
    reply_templates,
    saved_views,
)
from opinion_service.web.casework import (
    papers as case_papers,
)
from opinion_service.web.clocks import clocks, forecast, limits
from opinion_service.web.listening import entries, hotlists, imports, sources
from opinion_service.web.policies import policies
from opinion_service.web.reading import events, kinds, models, opening, readings, search
from opinion_service.web.reminders import groups, ladder, mailroom, papers
from opinion_service.web.request import DeskRequest
from opinion_service.web.routing import duties, duty, load, records, routing_models, rules, rulings, simulations, trial

PAGES = (
    account,
    aftermath,
    answers,
    beside,
    case_papers,
    cases,
    clocks,
    co_work,
    concerns,
    desk,
    duties,
    duty,
    entries,
    evaluations,
    events,
    evidence,
    forecast,
    groups,
    health,
    hotlists,
    imports,
    inbox,
    keys,
    kinds,
    ladder,
    limits,
    load,
    mailroom,
    models,
    office,
    opening,
    papers,
    policies,
    proposals,
    public,
    readings,
    reply_templates,
    routing_models,
    rules,
    rulings,
    records,
    saved_views,
    search,
    simulations,
    sources,
    trial,
)


def init_app(app: Flask) -> None:
    """Register everything the web needs; a page without an access rule keeps the desk from starting."""
    app.request_class = DeskRequest
    Bootstrap5(app)
    CSRFProtect(app)
    formats.register(app)
    app.jinja_env.filters.update(department=names.department, band_label=names.band, act_label=names.act)
    app.jinja_env.filters.update(offset_words=offset_words, said=finding_texts.said, told=history_texts.told)
    app.jinja_env.filters.update(
        department=names.department, upper_contact=names.upper_contact, band_label=names.band, act_label=names.act
    )
    app.jinja_env.filters.update(offset_words=offset_words, said=finding_texts.said)
    frame.init_app(app)
    guard.init_app(app)
    errors.init_app(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    access.check_complete(app)
    hops = app.config["DESK"].trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
