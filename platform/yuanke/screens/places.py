"""A place of a declaration in the words of its readers: ``entities.note.fields.mood.label`` is "便签 › 心情 › 名称".

The one rule: what has no word of its own is shown as it is written, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from yuanke.kernel.text import message
from yuanke.metadata.differences import ABSENT, Difference
from yuanke.metadata.registry import Entity
from yuanke.screens.reader import Reader
from yuanke.web.language import enumerated, say

#: keys of the dialect that people meet
WORDS = {
    "label": message("名称"), "plural": message("复数名称"), "help": message("填写说明"), "type": message("类型"), "required": message("必填"),
    "unique": message("不可重复"), "searchable": message("可搜索"), "default": message("默认值"), "formula": message("公式"),
    "min": message("最小"), "max": message("最大"), "length": message("最多字符"), "scale": message("小数位"), "color": message("颜色"),
    "options": message("选项"), "retired": message("停用"), "order": message("顺序"), "columns": message("列"), "sort": message("排序"),
    "filters": message("筛选"), "sections": message("分区"), "icon": message("图标"), "menu": message("菜单"), "roles": message("角色"),
    "settings": message("系统参数"), "views": message("视图"), "list": message("列表"), "form": message("表单"), "kanban": message("看板"),
    "calendar": message("日历"), "permissions": message("权限"), "visible_when": message("显示条件"), "required_when": message("必填条件"),
    "readonly_when": message("只读条件"), "valid_when": message("校验"), "message": message("提示"), "link": message("关联"),
    "number": message("编号"), "features": message("功能"), "rows": message("明细"), "read": message("查看"), "create": message("新建"),
    "update": message("修改"), "delete": message("删除"), "import": message("导入"), "export": message("导出"), "workflow": message("流程"),
    "transitions": message("流转"), "actions": message("操作"), "automations": message("自动化"), "dashboards": message("工作台"),
}  # fmt: skip
#: keys that only hold what is named by the next one
SILENT = frozenset({"entities", "fields"})
LONGEST = 200


def place_words(reader: Reader, path: Sequence[str]) -> str:
    """The parts of a path from the outside in."""
    words: list[str] = []
    entity: Entity | None = None
    for at, key in enumerate(path):
        held = path[at - 1] if at else ""
        if held == "entities":
            entity = reader.registry.entities.get(key)
            words.append(reader.say(entity.label) if entity is not None else key)
        elif held == "fields" and entity is not None and key in entity.fields:
            words.append(reader.say(entity.fields[key].label))
        elif held in ("permissions", "roles") and key in reader.registry.roles:
            words.append(reader.say(reader.registry.roles[key]))
        elif held == "options" and entity is not None and path[at - 2] in entity.fields:
            options = entity.fields[path[at - 2]].options or {}
            words.append(reader.say(options[key].label) if key in options else key)
        elif key not in SILENT:
            words.append(say(WORDS[key]) if key in WORDS and held not in ("fields", "options") else key)
    return " › ".join(words)


def value_words(value: Any) -> str:
    """What stands there, on one line."""
    if value is ABSENT:
        return "—"
    if value is None:
        return str(_("（去掉）"))
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, (list, tuple)) and value and not any(isinstance(one, (Mapping, list, tuple)) for one in value):
        return enumerated(value_words(one) for one in value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (Mapping, list, tuple)) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def difference_model(reader: Reader, one: Difference) -> dict[str, str]:
    return {
        "where": place_words(reader, one.path), "address": one.address, "was": value_words(one.was), "now": value_words(one.now),
    }  # fmt: skip
