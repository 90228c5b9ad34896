"""The smallest Django application with accounts of its own, and nothing about forgotten passwords: that is keyturn's.

    APP_DATABASE=app.sqlite APP_PORT=8000 python app.py

POST /register and POST /login take {"email", "password"} as JSON and set the session's cookie; GET /me says who is signed in.
keyturn.json beside this file is all that "forgot password" needs.
"""
import json
import os
import sys

from django.conf import settings

settings.configure(
    SECRET_KEY=os.environ.get("APP_SECRET", "for this example only: make your own"),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["APP_DATABASE"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)

import django

django.setup()

from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.servers.basehttp import get_internal_wsgi_application, run
from django.http import JsonResponse
from django.urls import path


def register(request):
    body = json.loads(request.body)
    user = User.objects.create_user(username=body["email"], email=body["email"], password=body["password"])
    return JsonResponse({"id": str(user.pk)}, status=201)


def sign_in(request):
    body = json.loads(request.body)
    user = authenticate(request, username=body["email"], password=body["password"])
    if user is None:
        return JsonResponse({}, status=401)
    login(request, user)
    return JsonResponse({"id": str(user.pk)})


def me(request):
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"email": request.user.email})


urlpatterns = [path("register", register), path("login", sign_in), path("me", me)]

if __name__ == "__main__":
    sys.modules["app"] = sys.modules[__name__]
    call_command("migrate", verbosity=0)
    run("127.0.0.1", int(os.environ["APP_PORT"]), get_internal_wsgi_application(), threading=True)
