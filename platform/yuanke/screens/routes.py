"""Addresses to pages: one generic view for every entity, present and future.

The one rule: an entity or field that is added needs no route and no restart; what the reader may not see is a 404.
"""

from __future__ import annotations

from typing import Any

from flask import Response, redirect
from flask_appbuilder import BaseView, expose

from yuanke.kernel.errors import RecordNotFound
from yuanke.metadata.registry import Entity
from yuanke.records.redirects import led_on
from yuanke.screens import urls
from yuanke.screens.pages import (
    acts,
    board,
    bulk,
    calendar,
    files,
    finding,
    flow,
    form,
    functions,
    inline,
    jobs,
    me,
    people,
    record,
    removal,
    views,
    words,
    workbench,
)
from yuanke.screens.pages import list as lists
from yuanke.screens.reader import Reader, reader, reader_of
from yuanke.web.guard import late


def _importing() -> Any:
    """What reads and writes files is heavy: it is imported with the first of its pages."""
    from yuanke.screens.pages import importing

    return importing


def _exporting() -> Any:
    from yuanke.screens.pages import exporting

    return exporting


class Pages(BaseView):
    """Pages that belong to no entity."""

    route_base = ""
    base_permissions: list[str] = []
    default_view = "home"

    @expose("/")
    def home(self) -> Response:
        return workbench.workbench_page(reader())

    @expose("/dashboards/<name>")
    def dashboard(self, name: str) -> Response:
        return workbench.workbench_page(reader(), name)

    @expose("/all")
    def everything(self) -> Response:
        return functions.functions_page(reader())

    @expose("/search")
    def search(self) -> Response:
        return finding.search_page(reader())

    @expose("/lookup/<key:entity>")
    def lookup(self, entity: str) -> Response:
        return finding.lookup_json(*reader_of(entity))

    @expose("/regions")
    def regions(self) -> Response:
        return words.regions_json()

    @expose("/files", methods=["POST"])
    def upload(self) -> Response:
        return files.upload()

    @expose("/files/<identity:file_id>")
    def file(self, file_id: int) -> Response:
        return files.download(file_id)

    @expose("/bin")
    def bin(self) -> Response:
        return removal.bin_page(reader())

    @expose("/jobs/<identity:job_id>")
    def job(self, job_id: int) -> Response:
        return jobs.job_page(reader(), job_id)

    @expose("/jobs/<identity:job_id>/cancel", methods=["POST"])
    def cancel_job(self, job_id: int) -> Response:
        return jobs.cancel_job(reader(), job_id)

    @expose("/me", methods=["GET"])
    def me(self) -> Response:
        return me.profile(reader())

    @expose("/me", methods=["POST"])
    def save_me(self) -> Response:
        return me.save_profile(reader())

    @expose("/me/password", methods=["GET"])
    def password(self) -> Response:
        return me.password(reader())

    @expose("/me/password", methods=["POST"])
    @late
    def change_password(self) -> Response:
        return me.change_password()

    @expose("/me/sessions", methods=["POST"])
    def end_others(self) -> Response:
        return me.end_others(reader())


class RecordPages(BaseView):
    """List, record, form, kanban of any entity."""

    route_base = "/records"
    base_permissions: list[str] = []
    default_view = "list"

    @expose("/<key:entity>")
    def list(self, entity: str) -> Response:
        from flask import request

        who, of = reader_of(entity)
        view = request.args.get("view")
        if view in ("kanban", "calendar") and view in of.views and who.may(of, "read"):
            return board.board_page(who, of) if view == "kanban" else calendar.calendar_page(who, of)
        return lists.list_page(who, of)

    @expose("/<key:entity>/words/<key:field>")
    def words(self, entity: str, field: str) -> Response:
        return words.words_json(*reader_of(entity), field)

    @expose("/<key:entity>/star", methods=["POST"])
    def star_list(self, entity: str) -> Response:
        return functions.star_list(*reader_of(entity))

    @expose("/<key:entity>/<identity:record_id>/star", methods=["POST"])
    def star(self, entity: str, record_id: int) -> Response:
        return functions.star_record(*reader_of(entity), record_id)

    @expose("/<key:entity>/<identity:record_id>/say", methods=["POST"])
    def say(self, entity: str, record_id: int) -> Response:
        return record.say_part(*reader_of(entity), record_id)

    @expose("/<key:entity>/<identity:record_id>/fields/<key:field>", methods=["GET"])
    def field(self, entity: str, record_id: int, field: str) -> Response:
        return inline.show(*reader_of(entity), record_id, field)

    @expose("/<key:entity>/<identity:record_id>/fields/<key:field>", methods=["POST"])
    def save_field(self, entity: str, record_id: int, field: str) -> Response:
        return inline.save(*reader_of(entity), record_id, field)

    @expose("/user/<identity:user_id>/password", methods=["GET"])
    def ask_password(self, user_id: int) -> Response:
        return people.ask_password(reader(), user_id)

    @expose("/user/<identity:user_id>/password", methods=["POST"])
    def give_password(self, user_id: int) -> Response:
        return people.give_password(reader(), user_id)

    @expose("/<key:entity>/columns", methods=["POST"])
    def columns(self, entity: str) -> Response:
        return lists.choose_columns(*reader_of(entity))

    @expose("/<key:entity>/move", methods=["POST"])
    def move(self, entity: str) -> Response:
        return board.move(*reader_of(entity))

    @expose("/<key:entity>/acts/<key:act>", methods=["GET"])
    def ask_acts(self, entity: str, act: str) -> Response:
        return acts.ask_many(*reader_of(entity), act)

    @expose("/<key:entity>/acts/<key:act>", methods=["POST"])
    def do_acts(self, entity: str, act: str) -> Response:
        return acts.do_many(*reader_of(entity), act)

    @expose("/<key:entity>/<identity:record_id>/acts/<key:act>", methods=["GET"])
    def ask_act(self, entity: str, record_id: int, act: str) -> Response:
        return acts.ask(*reader_of(entity), record_id, act)

    @expose("/<key:entity>/<identity:record_id>/acts/<key:act>", methods=["POST"])
    def do_act(self, entity: str, record_id: int, act: str) -> Response:
        return acts.do(*reader_of(entity), record_id, act)

    @expose("/<key:entity>/flow")
    def flow(self, entity: str) -> Response:
        return flow.flow_part(*reader_of(entity))

    @expose("/<key:entity>/events")
    def events(self, entity: str) -> Response:
        return calendar.events(*reader_of(entity))

    @expose("/<key:entity>/reschedule", methods=["POST"])
    def reschedule(self, entity: str) -> Response:
        return calendar.reschedule(*reader_of(entity))

    @expose("/<key:entity>/delete", methods=["POST"])
    def delete_many(self, entity: str) -> Response:
        return removal.delete_many(*reader_of(entity))

    @expose("/<key:entity>/bulk", methods=["GET"])
    def ask_bulk(self, entity: str) -> Response:
        return bulk.ask_change(*reader_of(entity))

    @expose("/<key:entity>/bulk", methods=["POST"])
    def bulk(self, entity: str) -> Response:
        return bulk.change(*reader_of(entity))

    @expose("/<key:entity>/views/new")
    def ask_view(self, entity: str) -> Response:
        return views.ask_new(*reader_of(entity))

    @expose("/<key:entity>/views", methods=["POST"])
    def create_view(self, entity: str) -> Response:
        return views.create(*reader_of(entity))

    @expose("/<key:entity>/views/<identity:view_id>", methods=["POST"])
    def save_view(self, entity: str, view_id: int) -> Response:
        return views.save(*reader_of(entity), view_id)

    @expose("/<key:entity>/views/<identity:view_id>/edit", methods=["GET"])
    def ask_edit_view(self, entity: str, view_id: int) -> Response:
        return views.ask_edit(*reader_of(entity), view_id)

    @expose("/<key:entity>/views/<identity:view_id>/edit", methods=["POST"])
    def edit_view(self, entity: str, view_id: int) -> Response:
        return views.edit(*reader_of(entity), view_id)

    @expose("/<key:entity>/views/<identity:view_id>/delete", methods=["POST"])
    def delete_view(self, entity: str, view_id: int) -> Response:
        return views.delete(*reader_of(entity), view_id)

    @expose("/<key:entity>/import", methods=["GET"])
    def import_begin(self, entity: str) -> Response:
        return _importing().begin(*reader_of(entity))

    @expose("/<key:entity>/import", methods=["POST"])
    def import_upload(self, entity: str) -> Response:
        return _importing().upload(*reader_of(entity))

    @expose("/<key:entity>/import/template")
    def import_template(self, entity: str) -> Response:
        return _importing().template(*reader_of(entity))

    @expose("/<key:entity>/import/check", methods=["POST"])
    def import_check(self, entity: str) -> Response:
        return _importing().check(*reader_of(entity))

    @expose("/<key:entity>/import/<identity:job_id>")
    def import_follow(self, entity: str, job_id: int) -> Response:
        return _importing().follow(*reader_of(entity), job_id)

    @expose("/<key:entity>/import/<identity:job_id>/run", methods=["POST"])
    def import_run(self, entity: str, job_id: int) -> Response:
        return _importing().run(*reader_of(entity), job_id)

    @expose("/<key:entity>/import/<identity:job_id>/mend", methods=["POST"])
    def import_mend(self, entity: str, job_id: int) -> Response:
        return _importing().mend(*reader_of(entity), job_id)

    @expose("/<key:entity>/export", methods=["GET"])
    def export_dialog(self, entity: str) -> Response:
        return _exporting().dialog(*reader_of(entity))

    @expose("/<key:entity>/export", methods=["POST"])
    def export_start(self, entity: str) -> Response:
        return _exporting().start(*reader_of(entity))

    @expose("/<key:entity>/new", methods=["GET"])
    def new(self, entity: str) -> Response:
        return form.show(*reader_of(entity), None)

    @expose("/<key:entity>/new", methods=["POST"])
    def create(self, entity: str) -> Response:
        return form.save(*reader_of(entity), None)

    @expose("/<key:entity>/<identity:record_id>")
    def show(self, entity: str, record_id: int) -> Response:
        who, of = reader_of(entity)
        try:
            found = who.records.get(of.key, record_id)
        except RecordNotFound:
            return _led_on(who, of, record_id)
        if of.kind == "rows" and of.parent and of.parent_link:
            return redirect(urls.record(of.parent[0], found.values[of.parent_link].id))  # type: ignore[return-value]
        return record.record_page(who, of, found)

    @expose("/<key:entity>/<identity:record_id>/edit", methods=["GET"])
    def edit(self, entity: str, record_id: int) -> Response:
        who, of = reader_of(entity)
        return form.show(who, of, who.records.get(of.key, record_id))

    @expose("/<key:entity>/<identity:record_id>/edit", methods=["POST"])
    def update(self, entity: str, record_id: int) -> Response:
        who, of = reader_of(entity)
        return form.save(who, of, who.records.get(of.key, record_id))

    @expose("/<key:entity>/<identity:record_id>/delete", methods=["POST"])
    def delete(self, entity: str, record_id: int) -> Response:
        return removal.delete_one(*reader_of(entity), record_id)

    @expose("/<key:entity>/<identity:record_id>/restore", methods=["POST"])
    def restore(self, entity: str, record_id: int) -> Response:
        return removal.restore_one(*reader_of(entity), record_id)

    @expose("/<key:entity>/<identity:record_id>/related/<key:name>")
    def related(self, entity: str, record_id: int, name: str) -> Response:
        return record.related_part(*reader_of(entity), record_id, name)

    @expose("/<key:entity>/<identity:record_id>/history")
    def history(self, entity: str, record_id: int) -> Response:
        return record.history_part(*reader_of(entity), record_id)


def _led_on(who: Reader, of: Entity, record_id: int) -> Response:
    """To the record that another was merged into, for whoever may read it. Raises RecordNotFound."""
    further = led_on(who.unit, of.key, record_id)
    if further is None:
        raise RecordNotFound()
    who.records.get(of.key, further, fields=())
    answer: Response = redirect(urls.with_query(urls.record(of.key, further), {"merged": record_id}), 301)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"  # a merge can be taken back
    return answer
