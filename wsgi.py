"""The application for a WSGI server: ``waitress-serve wsgi:application``, ``granian --interface wsgi wsgi:application``."""

from yuanke.app import create_app

application = create_app()
