"""A small firm that claims expenses: 总部 above 销售部, a boss, a head of sales, two sellers, two of finance, an
administrator, and a guest whose role reads nothing.
"""

from __future__ import annotations

from typing import Any

from yuanke.records import Records
from yuanke.storage import Installation

CLAIMS = """
module: claims
label: 报销
roles: {staff: 员工, head: 主管, finance: 财务, boss: 老板, guest: 访客}
settings: {small: {type: money, default: 100, label: 小额}}
entities:
  claim:
    label: 报销单
    number: BX{seq:3}
    title: name
    fields:
      name: {type: text!, label: 事由}
      memo: {type: long_text, label: 备注}
      offset: {type: money, label: 冲借款}
      paid_on: {type: date, label: 付款日期, editable: false}
      secret: {type: text, label: 内情}
      watchers: {links: user, label: 知会, inverse: watched_claims}
      state: {label: 状态, default: draft, options: {draft: 草稿, approved: 已核准, rejected: 已否决, paid: {label: 已付, closed: true}}}
      items:
        label: 明细
        rows:
          what: {type: text!, label: 项目}
          amount: {type: money!, label: 金额}
          approved_amount: {type: money, label: 核定, default: =amount}
      total: {type: money, label: 合计, formula: sum(items.amount)}
      approved_total: {type: money, label: 核定合计, formula: sum(items.approved_amount)}
    workflow:
      field: state
      transitions:
        submit:
          label: 提交
          from: [draft, rejected]
          to: approved
          ask: {urgent: {type: bool, label: 加急, default: false}}
          approval:
            when: total > settings.small
            amount: total
            steps:
              manager: {label: 部门主管, by: department.head, within: 2d, late: remind}
              finance: {label: 财务, role: finance, when: total > 1000, edit: [items.approved_amount, offset], cc: [boss]}
              boss: {label: 老板, role: boss, when: total > 10000}
            rejected: {to: rejected, do: [{set: {memo: 被否决}}]}
            cc: ["list(watchers)"]
          set: {memo: "=if(asked.urgent, '加急', memo)"}
        pay: {label: 付款, from: approved, to: paid, when: "approval in [approved, not_needed]", set: {paid_on: =today()}}
        cancel: {label: 作废, from: draft, to: rejected}
    automations:
      booked: {after: approved, do: [{notify: {to: owner.manager, text: "{name} 已核准 {total}"}}]}
    permissions:
      staff: {read: own, create: true, update: own, delete: own, fields: {secret: hidden}}
      head: {read: own, create: true, update: own}
      finance: {read: all, pay: all}
      boss: {read: all, create: true, update: all, delete: all}
  limits:
    label: 额度
    fields: {name: text!, most: {type: integer, label: 最多}}
    permissions: {staff: {read: all}, head: {read: all}, finance: {read: all}, boss: {read: all}}
  paper:
    label: 文件
    plural: 文件
    title: name
    fields:
      name: {type: text!, label: 名称}
      size: {type: integer, label: 大小, default: 1, max: 1000}
      reviewer: {link: user, label: 审阅人, inverse: papers_to_review}
      limits: {link: limits, label: 额度}
      state: {label: 状态, default: draft, options: {draft: 草稿, done: 完成}}
    workflow:
      field: state
      transitions:
        by_field: {from: draft, to: done, approval: {steps: {a: {by: reviewer}}}}
        by_chain: {from: draft, to: done, approval: {steps: {a: {by: managers(applicant), mode: sequence, until: level >= size}}}}
        by_level: {from: draft, to: done, approval: {steps: {a: {by: "managers(applicant, 2)"}}}}
        by_heads: {from: draft, to: done, approval: {steps: {a: {by: heads(department), mode: sequence}}}}
        by_several: {from: draft, to: done, approval: {steps: {a: {by: [owner.manager, reviewer], mode: all}}}}
        all_finance: {from: draft, to: done, approval: {steps: {a: {role: finance, mode: all}}}}
        half: {from: draft, to: done, approval: {steps: {a: {role: [finance, head], needs: 60%}}}}
        branches:
          {from: draft, to: done, approval: {steps: {a: {by: owner.manager}, b: {role: finance, after: a}, c: {by: reviewer, after: a}, d: {role: boss, after: [b, c]}}}}
        guests: {from: draft, to: done, approval: {steps: {a: {role: guest}}}}
        skips: {from: draft, to: done, approval: {missing: skip, steps: {a: {role: guest}, b: {role: boss}}}}
        refuses: {from: draft, to: done, approval: {missing: refuse, steps: {a: {role: guest}}}}
        nobody: {from: draft, to: done, approval: {missing: skip, steps: {a: {by: reviewer}}}}
        up: {from: draft, to: done, approval: {steps: {a: {by: owner}}}}
        skip_me: {from: draft, to: done, approval: {same_person: skip, steps: {a: {by: owner}, b: {role: boss}}}}
        allow_me: {from: draft, to: done, approval: {same_person: allow, steps: {a: {by: owner}}}}
        not_him: {from: draft, to: done, approval: {not: [reviewer], steps: {a: {role: finance}}}}
        goes_on: {from: draft, to: done, approval: {resubmit: continue, steps: {a: {by: owner.manager}, b: {role: boss}}}}
        any_time: {from: draft, to: done, approval: {withdraw: any_time, steps: {a: {by: owner.manager}, b: {role: boss}}}}
        late_up: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 1h, late: up}}}}
        late_yes: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 1h, late: approve}}}}
        late_no: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 1h, late: refuse}}}}
        late_tell: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 1h}}}}
        only_size: {from: draft, to: done, approval: {snapshot: [size], steps: {a: {by: owner.manager}}}}
        fails: {from: draft, to: done, approval: {steps: {a: {by: owner.manager}}}, set: {size: "=size * 100"}}
        plain: {from: draft, to: done}
        within_limit: {from: draft, to: done, when: size <= limits.most, approval: {steps: {a: {by: owner.manager}}}}
        checks_limit: {from: draft, to: done, checks: {most: {valid_when: size <= limits.most, message: "超过额度 {limits.most}"}}, approval: {steps: {a: {by: owner.manager}}}}
        refuses_limit: {from: draft, to: done, refuse: {most: {when: size > limits.most, message: "超过额度 {limits.most}"}}, approval: {steps: {a: {by: owner.manager}}}}
        wants_limit: {from: draft, to: done, require: [limits], approval: {steps: {a: {by: owner.manager}}}}
        mine: {from: draft, to: done, when: "owner == me and approval in [unsent, withdrawn]", approval: {steps: {a: {by: owner.manager}}}}
        warns: {from: draft, to: done, checks: {big: {valid_when: size < 100, otherwise: warn, message: 很大}}, approval: {steps: {a: {by: owner.manager}}}}
        late_work: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 2h, calendar: work, late: approve}}}}
        late_fails: {from: draft, to: done, approval: {steps: {a: {by: owner.manager, within: 1h, late: approve}}}, set: {size: "=size * 100"}}
    permissions:
      staff: {read: own, create: true, update: own, delete: own}
      head: {read: own, create: true, update: own}
      finance: {read: own, create: true, update: own}
      boss: {read: all, create: true, update: all}
"""
PEOPLE: dict[str, tuple[tuple[str, ...], str | None, str | None]] = {  # roles, department, manager
    "root": (("admin",), "总部", None), "bao": (("boss",), "总部", None), "zhu": (("head",), "销售部", "bao"),
    "li": (("staff",), "销售部", "zhu"), "wang": (("staff",), "销售部", "zhu"), "cai": (("finance",), "总部", "bao"),
    "cao": (("finance",), "总部", "bao"), "gao": (("guest",), "总部", "bao"),
}  # fmt: skip


def make_company(installation: Installation, slug: str) -> Any:
    """The enterprise 爱客 科技; everybody has the common password of `tests.served`."""
    from yuanke.access.sessions import actor_of
    from yuanke.metadata import Layer
    from yuanke.storage import create_enterprise

    from tests.served import enter

    at = create_enterprise(
        installation, slug, f"爱客 科技 {slug}", layers=[Layer.read_text(CLAIMS, "claims.yaml", "module")]
    )
    ids: dict[str, int] = {}
    for name, (roles, _department, manager) in PEOPLE.items():
        ids[name] = enter(installation, at, name, *roles, **({"manager": ids[manager]} if manager else {}))
    with installation.unit(at, write=True) as unit:
        door = Records(unit, actor_of(unit, ids["root"], "api"))
        top = door.create("department", {"name": "总部", "head": ids["bao"]}).id
        sales = door.create("department", {"name": "销售部", "parent": top, "head": ids["zhu"]}).id
        for name, (_roles, department, _manager) in PEOPLE.items():
            door.update("user", ids[name], {"department": {"总部": top, "销售部": sales}[department or "总部"]})
    return at
