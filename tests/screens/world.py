"""A small company to look at through pages: deals with lines, places they belong to, and a thing with a field of every type.

``boss`` sees and does everything, ``sales`` has rows of his own and no margin, ``guest`` may do nothing.
"""

from __future__ import annotations

WORLD = """
module: world
label: 世界
roles: {boss: 老板, sales: 销售, guest: 访客}
menu: {main: {label: 主要, icon: home, items: [deal, place, {entity: case, view: urgent, label: 急单}]}}
entities:
  place:
    label: 地点
    title: name
    fields:
      name: {type: text!, label: 名称, searchable: true}
      code: {type: text, label: 代码, unique: true}
      rate: {type: percent, label: 税率, default: 13}
    views: {list: {limit: 20}}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, import: true, export: all}
      sales: {read: all, create: true}
  parcel:
    label: 包裹
    fields:
      subject: {type: text!, label: 主题}
      deal: {link: deal!, label: 交易, inverse: parcels}
      items:
        label: 内容
        rows:
          what: {type: text!, label: 内容}
          of: {link: deal_lines!, label: 来源, inverse: parcel_items}
          count: {type: quantity!, label: 数量}
    views: {form: {sections: {包裹: [[subject], [items]]}}}
    permissions:
      boss: {read: all, create: true}
      sales: {read: own, create: true}
  case:
    label: 工单
    number: 'C{seq:3}'
    fields:
      title: {type: text!, label: 标题}
      hours: {type: number, label: 工时}
      state: {label: 状态, default: open, options: {open: 待办, doing: 处理中, done: {label: 完成, closed: true}, dropped: {label: 作废, color: red, closed: true}}}
      why: {type: text, label: 原因, required_when: state == dropped}
      since: {type: datetime, label: 开始, default: =now()}
    views: {kanban: {by: state, card: [title]}, urgent: {kind: list, label: 紧急工单, where: hours > 8, columns: [number, title]}}
    permissions:
      boss: {read: all, create: true, update: all}
      sales: {read: own, create: true, update: own}
    workflow:
      field: state
      transitions:
        begin: {label: 开工, from: open, to: doing}
        finish: {label: 完工, from: doing, to: done, ask: [hours], checks: {long: {valid_when: hours < 100, message: "工时 {hours} 很长", otherwise: warn}}}
        drop: {label: 作废工单, from: open, to: dropped, ask: [why], confirm: 确定作废吗?}
        audit: {label: 复查, from: done, to: doing, roles: [boss]}
    actions:
      rename: {label: 改名, ask: {text: {type: text!, label: 新名, default: =title}}, roles: [boss], do: [set: {title: =asked.text}]}
  deal:
    label: 交易
    title: subject
    number: {format: 'D{seq:4}', label: 交易号}
    features: [comments]
    fields:
      subject: {type: text!, label: 主题, length: 60, searchable: true}
      place: {link: place, label: 地点, inverse: deals}
      helper: {link: deal, label: 相关交易, inverse: helped, filter: place == this.place}
      stage: {label: 阶段, required: true, default: open, options: {open: {label: 进行中, color: blue}, won: {label: 成交, color: green}, lost: 失败}}
      reason: {type: text, label: 失败原因, visible_when: stage == lost, required_when: stage == lost}
      due: {type: date, label: 到期, default: =today(), valid_when: 'due == null or due >= date(2020, 1, 1)', message: 到期不能早于 2020 年}
      discount: {type: money, label: 优惠, default: 0, min: 0}
      margin: {type: money, label: 毛利密}
      paper: {type: file, label: 文件, multiple: true}
      lines:
        label: 明细
        rows:
          what: {type: text!, label: 内容}
          count: {type: quantity!, label: 数量, default: 1}
          price: {type: price, label: 单价}
          sum: {type: money, label: 金额, formula: 'round(count * price, 2)'}
          sent: {type: quantity, label: 已发, formula: sum(parcel_items.count)}
          left: {type: quantity, label: 未发, formula: count - sent}
      gross: {type: money, label: 合计, formula: sum(lines.sum)}
      total: {type: money, label: 应付, formula: 'sum(lines.sum) - coalesce(discount, 0)'}
      note: {type: long_text, label: 备注}
    becomes:
      parcel:
        label: 发货
        rows: {items: {each: lines, where: left > 0, values: {what: =what, count: =left, of: =row}}}
    views:
      list:
        columns: [number, subject, place, stage, due, total, owner]
        sort: number
        filters: {all: {label: 全部, where: true}, mine: {label: 我的, where: owner == me}}
      form:
        sections:
          基本: [[subject, place], [helper, stage], [reason, due], [margin, paper]]
          明细: [lines, [discount, gross], total]
          其他: [note]
      kanban: {by: stage, card: [subject, place], total: total}
      calendar: {date: due, color: stage}
    permissions:
      boss: {read: all, create: true, update: all, delete: all, import: true, export: all}
      sales: {read: own, create: true, update: own, fields: {margin: hidden}}
dashboards:
  home:
    label: 首页
    widgets:
      open: {label: 进行中的交易, list: deal, where: stage == open, columns: [subject, total]}
      due: {label: 提醒, feed: reminders}
      told: {label: 消息, feed: messages}
    rows: [[open], [due, told]]
"""
SECRET = "987654.32"  # the margin of the boss's deal
HOSTILE = "<script>alert('x')</script>\"&'<b>"
