"""What people do with an approval, as dialogs: on a phone a sheet from below, two taps for a yes.

The one rule: a refused dialog comes back with what was typed and the reason; an accepted one leads back to where it was
opened, the box or the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from yuanke.kernel.errors import AccessDenied, RecordNotFound, Refusal, ValidationFailed
from yuanke.records import Record
from yuanke.screens import approving, urls
from yuanke.screens.approval_edits import Errors, editable_controls, edited
from yuanke.screens.controls import bare, control
from yuanke.screens.dialogs import lead_on
from yuanke.screens.pages.approvals import AT
from yuanke.screens.reader import Reader, wants_part
from yuanke.screens.reader import reader as fresh
from yuanke.screens.typed import typed
from yuanke.web.language import say, told
from yuanke.web.requests import give_up
from yuanke.workflow import approvals
from yuanke.workflow.approvals import Picture, Said
from yuanke.workflow.approvals.keeping import TASK, Running

TASK_VERBS = ("approve", "reject", "return", "reassign", "add_signer")
MOST_AT_ONCE = 200
#: in the dialog of 退回 the one who submitted; no step is called so
APPLICANT = "-"


def ask(reader: Reader, task: int, verb: str) -> Response:
    """GET: the dialog of one verb on a task of this reader."""
    return _dialog(reader, _seen(reader, task, verb), task, verb, {}, [])


def do(reader: Reader, task: int, verb: str) -> Response:
    """POST: it is done, or the dialog comes back."""
    seen = _seen(reader, task, verb)
    try:
        at = _VERBS[verb](reader, task, seen)
    except (AccessDenied, RecordNotFound):
        raise
    except Refusal as refusal:
        give_up()
        again = fresh()
        if not wants_part():
            flash(say(refusal.said), "danger")
            return redirect(_back(seen), 303)  # type: ignore[return-value]
        errors = refusal.errors if isinstance(refusal, ValidationFailed) else {}
        own = {key: [say(m) for m in said] for key, said in errors.items()}
        rest = [] if own else [say(refusal.said)]
        return _dialog(again, seen, task, verb, own, rest)
    flash(_done(verb, at, seen), "success" if at.held is None else "warning")
    return lead_on(_back(seen))


def _seen(reader: Reader, task: int, verb: str) -> Picture:
    """The approval of a task that this reader may decide (an administrator may pass any on). Raises RecordNotFound."""
    table = reader.unit.tables[TASK]
    found = reader.unit.execute(
        sa.select(table.c.approval).where(table.c.id == task, table.c.kind == "decide")
    ).scalar()
    if found is None or verb not in TASK_VERBS:
        raise RecordNotFound()
    return approvals.picture(reader.unit, reader.actor, found)


def _back(seen: Picture) -> str:
    return AT if request.values.get("back") == "box" else urls.record(seen.entity.key, seen.record)


def _done(verb: str, at: Running, seen: Picture) -> str:
    if at.held is not None:
        return str(_("已同意，但条件已不满足，退回给申请人：%(why)s", why=say(at.held)))
    if verb == "approve":
        return str(_("已同意，审批通过") if at.course.state == "approved" else _("已同意"))
    words = {"reject": _("已拒绝"), "return": _("已退回"), "reassign": _("已转交"), "add_signer": _("已加签")}
    return str(words[verb])


# -- what each verb does with what was typed ----------------------------------------------------------------------


def _said() -> Said:
    files = [int(one) for one in request.form.getlist("files") if one.isdigit() and len(one) < 19]
    return Said(request.form.get("note", ""), files)


def _approve(reader: Reader, task: int, seen: Picture) -> Running:
    values = edited(reader, seen) if seen.mine.edit else None
    return approvals.approve(reader.unit, reader.actor, task, _said(), values or None)


def _reject(reader: Reader, task: int, seen: Picture) -> Running:
    return approvals.reject(reader.unit, reader.actor, task, _said())


def _return(reader: Reader, task: int, seen: Picture) -> Running:
    to = request.form.get("to") or APPLICANT
    return approvals.send_back(reader.unit, reader.actor, task, _said(), None if to == APPLICANT else to)


def _reassign(reader: Reader, task: int, seen: Picture) -> Running:
    return approvals.reassign(reader.unit, reader.actor, task, _people("approver")[0], _said())


def _add_signer(reader: Reader, task: int, seen: Picture) -> Running:
    before = request.form.get("where") != "after"
    return approvals.add_signer(reader.unit, reader.actor, task, _people("mentions"), before, _said())


_VERBS: Mapping[str, Callable[[Reader, int, Picture], Running]] = {
    "approve": _approve, "reject": _reject, "return": _return, "reassign": _reassign, "add_signer": _add_signer,
}  # fmt: skip


def _people(name: str) -> list[int]:
    from yuanke.kernel.text import message

    chosen = [int(one) for one in request.form.getlist(name) if one.isdigit() and len(one) < 19]
    if not chosen:
        raise ValidationFailed({name: [message("请选择一个人")]})
    return chosen


# -- the dialog ---------------------------------------------------------------------------------------------------


def _dialog(reader: Reader, seen: Picture, task: int, verb: str, errors: Errors, rest: Sequence[str]) -> Response:
    record = reader.records.get(seen.entity.key, seen.record)
    fields = [*_asked(reader, seen, record, verb, errors), _note(reader, verb, errors)]
    if verb in ("approve", "reject", "return"):
        fields.append(_files(reader, errors))
    model = {
        **_words(reader, seen, verb), "url": f"{approving.TASKS}/{task}/{verb}", "size": "", "columns": 1,
        "fields": [{**one, "span": "wide", "create_url": None} for one in fields],
        "hidden": [("back", request.values.get("back") or "record")], "errors": [*rest, *_elsewhere(errors, fields)],
        "facts": _facts(reader, seen, record, verb), "warning": _warning(reader, seen, verb), "phrases": _phrases(verb),
        "danger": verb == "reject",
    }  # fmt: skip
    return _rendered(reader, model, bool(errors or rest))


def _rendered(reader: Reader, model: dict[str, Any], faulty: bool) -> Response:
    context = {"dialog": model, "ctx": {"cell": False, "locale": reader.locale}, "locale": reader.locale}
    return make_response(render_template("_approval_dialog.html", **context), 422 if faulty else 200)


def _words(reader: Reader, seen: Picture, verb: str) -> dict[str, str | None]:
    name = reader.say(seen.entity.label)
    words = {
        "approve": (_("同意这份%(name)s？", name=name), _("同意")), "reject": (_("拒绝这份%(name)s？", name=name), _("拒绝")),
        "return": (_("退回这份%(name)s", name=name), _("退回")), "reassign": (_("转交给别人审批"), _("转交")),
        "add_signer": (_("加签"), _("加签")),
    }  # fmt: skip
    said = {
        "reject": _("拒绝后流程结束，申请人可以修改后重新提交"), "reassign": _("由他代替你决定，你仍可以查看"),
        "add_signer": _("请别人一起签，他们不同意，这份单据就不通过"),
    }  # fmt: skip
    title, submit = words[verb]
    return {"title": str(title), "submit": str(submit), "said": str(said[verb]) if verb in said else None}


def _facts(reader: Reader, seen: Picture, record: Record, verb: str) -> list[tuple[str, str]]:
    """What one signs: the paper with its amount, and who comes next."""
    amount = approving.amount(reader, seen.entity, seen.transition, record)
    found = [(record.title, amount["text"] if amount else "")]
    if verb == "approve" and seen.mine.task is not None:
        found.append((str(_("下一步")), approving.next_said(reader, seen)))
    if seen.mine.instead_of:
        found.append((str(_("代谁审批")), seen.mine.instead_of))
    return found


def _warning(reader: Reader, seen: Picture, verb: str) -> str | None:
    if verb != "approve" or not seen.differences:
        return None
    return str(_("提交后有 %(n)s 处改动，请先看清", n=len(seen.differences)))


def _phrases(verb: str) -> list[str]:
    words = {
        "approve": [_("同意"), _("同意，请尽快办理"), _("已核对，同意")], "reject": [_("不符合规定"), _("金额不合理"), _("本月不再安排")],
        "return": [_("请补充附件"), _("请核对金额"), _("请写明事由")],
    }  # fmt: skip
    return [str(word) for word in words.get(verb, ())]


def _asked(reader: Reader, seen: Picture, record: Record, verb: str, errors: Errors) -> list[dict[str, Any]]:
    if verb == "approve":
        return editable_controls(reader, seen, record, errors)
    if verb == "return":
        steps = [
            (APPLICANT, _("申请人（可以修改后再提交）")),
            *((key, reader.say(label)) for key, label in reversed(seen.mine.return_to)),
        ]
        chosen = request.values.get("to") or APPLICANT
        return [_choice("to", str(_("退回到")), [(key, str(label)) for key, label in steps], chosen)]
    if verb == "reassign":
        return [_chooser(reader, TASK, "approver", str(_("转交给")), errors)]
    if verb == "add_signer":
        where = _choice(
            "where", str(_("什么时候签")),
            [("before", str(_("在我之前：他们签完，再由我决定"))), ("after", str(_("在我之后：我先同意，他们再签")))], request.values.get("where") or "before",
        )  # fmt: skip
        return [_chooser(reader, "comment", "mentions", str(_("请谁加签")), errors), where]
    return []


def _chooser(reader: Reader, entity: str, key: str, label: str, errors: Errors) -> dict[str, Any]:
    """People, chosen by name."""
    of = reader.registry.entities[entity]
    made = control(reader, of, of.fields[key], None, writable=True, errors=list(errors.get(key, ())))
    made |= {"label": label, "id": f"d-{key}", "formula": False, "required": True, "help": None}
    if request.method == "POST":
        made["value"] = typed(reader, of.fields[key], made, key)
    return made


def _choice(key: str, label: str, options: Sequence[tuple[str, str]], value: str) -> dict[str, Any]:
    return {
        **bare(key, label, "choice"), "style": "pills", "required": True, "value": value,
        "options": [{"key": one, "label": said, "color": "gray", "retired": False} for one, said in options],
    }  # fmt: skip


def _note(reader: Reader, verb: str, errors: Errors) -> dict[str, Any]:
    needed = verb in ("reject", "return")
    made = bare("note", str(_("原因") if needed else _("意见（可不填）")), "long_text")
    return {
        **made, "required": needed, "length": 2000, "rows": 2, "value": request.form.get("note", ""),
        "errors": list(errors.get("note", ())),
    }  # fmt: skip


def _files(reader: Reader, errors: Errors) -> dict[str, Any]:
    of = reader.registry.entities[TASK]
    made = control(reader, of, of.fields["files"], None, writable=True, errors=list(errors.get("files", ())))
    made |= {"label": str(_("附件")), "id": "d-files", "formula": False}
    if request.method == "POST":
        made["value"] = typed(reader, of.fields["files"], made, "files")
    return made


def _elsewhere(errors: Errors, fields: Sequence[Mapping[str, Any]]) -> list[str]:
    """Faults that belong to no control of the dialog."""
    shown = {str(one["name"]) for one in fields}
    return [said for key, many in errors.items() if key not in shown for said in many]


# -- on the whole -------------------------------------------------------------------------------------------------


def withdraw(reader: Reader, approval: int) -> Response:
    return _whole(reader, approval, lambda: approvals.withdraw(reader.unit, reader.actor, approval), str(_("已撤回")))


def remind(reader: Reader, approval: int) -> Response:
    return _whole(reader, approval, lambda: approvals.remind(reader.unit, reader.actor, approval), str(_("已催办")))


def renew(reader: Reader, approval: int) -> Response:
    seen = approvals.picture(reader.unit, reader.actor, approval)
    return _whole(
        reader,
        approval,
        lambda: approvals.renew(reader.unit, reader.actor, seen.entity, seen.record),
        str(_("已重新提交")),
    )


def _whole(reader: Reader, approval: int, work: Callable[[], Any], done: str) -> Response:
    seen = approvals.picture(reader.unit, reader.actor, approval)
    try:
        work()
    except (AccessDenied, RecordNotFound):
        raise
    except Refusal as refusal:
        give_up()
        flash(say(refusal.said), "danger")
    else:
        flash(done, "success")
    return lead_on(_back(seen))


def ask_copy(reader: Reader, approval: int) -> Response:
    return _copy_dialog(reader, approvals.picture(reader.unit, reader.actor, approval), {}, [])


def copy(reader: Reader, approval: int) -> Response:
    seen = approvals.picture(reader.unit, reader.actor, approval)
    try:
        approvals.copy(reader.unit, reader.actor, approval, _people("mentions"))
    except (AccessDenied, RecordNotFound):
        raise
    except Refusal as refusal:
        give_up()
        errors = refusal.errors if isinstance(refusal, ValidationFailed) else {}
        own = {key: [say(m) for m in said] for key, said in errors.items()}
        return _copy_dialog(fresh(), seen, own, [] if own else [say(refusal.said)])
    flash(str(_("已抄送")), "success")
    return lead_on(_back(seen))


def _copy_dialog(reader: Reader, seen: Picture, errors: Errors, rest: Sequence[str]) -> Response:
    record = reader.records.get(seen.entity.key, seen.record)
    chooser = _chooser(reader, "comment", "mentions", str(_("抄送给")), errors)
    model = {
        "title": str(_("抄送")), "said": str(_("他们会收到消息，可以查看，不用审批")), "submit": str(_("抄送")), "url": f"{AT}/{seen.id}/cc",
        "size": "", "columns": 1, "fields": [{**chooser, "span": "wide", "create_url": None}], "hidden": [("back", request.values.get("back") or "record")],
        "errors": list(rest), "facts": [(record.title, "")], "warning": None, "phrases": [], "danger": False,
    }  # fmt: skip
    return _rendered(reader, model, bool(errors or rest))


def read_copy(reader: Reader, task: int) -> Response:
    approvals.read_copy(reader.unit, reader.actor, task)
    return Response("", 204)


# -- several at once ----------------------------------------------------------------------------------------------


def together(reader: Reader) -> Response:
    """POST ``task`` repeated, ``verb`` approve | reject, ``note``: each for itself; what was refused is told with its reason."""
    tasks = [int(one) for one in request.form.getlist("task") if one.isdigit() and len(one) < 19][:MOST_AT_ONCE]
    verb = "reject" if request.form.get("verb") == "reject" else "approve"
    if not tasks:
        flash(str(_("请先选择单据")), "warning")
        return redirect(urls.with_query(AT, {"batch": 1}), 303)  # type: ignore[return-value]
    done = approvals.together(reader.unit, reader.actor, verb, tasks, Said(request.form.get("note", "")))
    refused = [refusal for _task, refusal in done if refusal is not None]
    count = len(done) - len(refused)
    said = str(_("已同意 %(n)s 份", n=count) if verb == "approve" else _("已拒绝 %(n)s 份", n=count))
    if refused:
        why = refused[0]
        reason = (
            next((say(m) for many in why.errors.values() for m in many), "")
            if isinstance(why, ValidationFailed)
            else say(why.said)
        )
        said = told([said, str(_("%(n)s 份没有处理：%(reason)s", n=len(refused), reason=reason))])
    flash(said, "warning" if refused else "success")
    return redirect(AT, 303)  # type: ignore[return-value]
