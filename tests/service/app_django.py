"""The pages of app.py, as one writes them with Django: its own templates, the
middleware of a new project without sessions and users (for bench)."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import path

from app import cached, rows

settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="none",
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()

PAGE = engines["django"].from_string("""\
<html><head><title>{{ title }}</title></head><body><table>
{% for row in rows %}<tr class="{% cycle 'a' 'b' %}"><td>{{ row.id }}</td>\
<td>{{ row.name }}</td><td>{{ row.price|floatformat:2 }}</td></tr>
{% endfor %}</table></body></html>
""")


def page(request):
    n = int(request.GET.get("n", 50))
    return HttpResponse(PAGE.render({"title": "page %d" % n,
                                     "rows": rows(n)}, request))


def items(request):
    n = int(request.GET.get("n", 50))
    return JsonResponse({"items": rows(n), "count": n})


def cache(request):
    kind, text = cached(int(request.GET.get("k", 50)))
    return HttpResponse(text, content_type=kind)


urlpatterns = [path("page", page), path("items", items), path("cache", cache)]
application = get_wsgi_application()
