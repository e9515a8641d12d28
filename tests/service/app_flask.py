"""The pages of app.py, as one writes them with Flask (for bench)."""

import flask

from app import PAGE, cached, rows

application = flask.Flask(__name__)


@application.get("/page")
def page():
    n = flask.request.args.get("n", 50, type=int)
    return PAGE.render(title="page %d" % n, rows=rows(n))


@application.get("/items")
def items():
    n = flask.request.args.get("n", 50, type=int)
    return flask.jsonify(items=rows(n), count=n)


@application.get("/cache")
def cache():
    kind, text = cached(flask.request.args.get("k", 50, type=int))
    return flask.Response(text, mimetype=kind)
