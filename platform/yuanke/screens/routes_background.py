"""Addresses of what runs behind the pages: jobs, schedules, automations."""

from __future__ import annotations

from flask import Response
from flask_appbuilder import BaseView, expose

from yuanke.screens.pages import automations, schedules
from yuanke.screens.reader import reader


class BackgroundPages(BaseView):
    """For administrators."""

    route_base = "/settings"
    base_permissions: list[str] = []
    default_view = "jobs"

    @expose("/jobs")
    def jobs(self) -> Response:
        return schedules.jobs_page(reader())

    @expose("/jobs/<identity:job_id>/retry", methods=["POST"])
    def retry_job(self, job_id: int) -> Response:
        return schedules.retry_job(reader(), job_id)

    @expose("/jobs/<identity:job_id>/cancel", methods=["POST"])
    def stop_job(self, job_id: int) -> Response:
        return schedules.cancel_job(reader(), job_id)

    @expose("/automations")
    def automations(self) -> Response:
        return automations.automations_page(reader())

    @expose("/automations/<any(pause, resume):word>", methods=["POST"])
    def switch_all(self, word: str) -> Response:
        return automations.switch_all(reader(), word == "resume")

    @expose("/automations/<key:entity>/<key:name>")
    def automation(self, entity: str, name: str) -> Response:
        return automations.automation_page(reader(), entity, name)

    @expose("/automations/<key:entity>/<key:name>/<any(pause, resume):word>", methods=["POST"])
    def switch(self, entity: str, name: str, word: str) -> Response:
        return automations.switch(reader(), entity, name, word == "resume")

    @expose("/automations/<key:entity>/<key:name>/secret", methods=["POST"])
    def new_secret(self, entity: str, name: str) -> Response:
        return automations.new_secret(reader(), entity, name)

    @expose("/automations/<key:entity>/<key:name>/dry-run", methods=["GET"])
    def ask_record(self, entity: str, name: str) -> Response:
        return automations.ask_record(reader(), entity, name)

    @expose("/automations/<key:entity>/<key:name>/dry-run", methods=["POST"])
    def dry_run(self, entity: str, name: str) -> Response:
        return automations.dry_run(reader(), entity, name)
