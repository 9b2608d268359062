"""Flask-AppBuilder's security manager, taught that there are many enterprises and that the Registry holds the rights.

The one rule: an identity counts only in the enterprise its credentials name, as the request's unit has confirmed; every
question about rights is answered from one set read once, never by a query per menu entry.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_appbuilder import AppBuilder, expose
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_jwt_extended import JWTManager
from flask_login import LoginManager, UserMixin

from yuanke.access import people
from yuanke.access.sessions import pairs_of
from yuanke.app import logins
from yuanke.kernel.actor import Actor
from yuanke.kernel.errors import Refused, Unauthenticated
from yuanke.kernel.text import message
from yuanke.web import requests


class Person(UserMixin):
    """``current_user`` and ``g.user``: the request's actor in the shape Flask-Login and Flask-AppBuilder expect."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.id = actor.user_id
        self.username = actor.username
        self.first_name, self.last_name = actor.name, ""

    @property
    def roles(self) -> list[str]:
        return sorted(self.actor.roles)

    def get_full_name(self) -> str:
        return self.actor.name


class Logins(BaseView):
    """The views of `yuanke.app.logins` as a view of Flask-AppBuilder's, so that its own links lead there."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        return logins.login_page()

    login.open_to_all = True


class SecurityManager(FabSecurityManager):
    """See the module's rule. Screens for users, roles and rights are the product's own; none of FAB's is registered."""

    authdbview = Logins

    def register_views(self) -> None:
        self.auth_view = self.appbuilder.add_view_no_menu(self.authdbview())

    def create_db(self) -> None:
        """Provisioning makes the tables of each enterprise; starting the application touches none."""

    def create_login_manager(self, app: Flask) -> LoginManager:
        manager = LoginManager(app)
        manager.session_protection = None  # the session row says whether a cookie counts
        manager.user_loader(self.load_user)
        manager.request_loader(lambda _request: self.person())
        return manager

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        manager = JWTManager()
        manager.init_app(app)
        manager.user_lookup_loader(self.load_user_jwt)
        return manager

    def person(self) -> Person | None:
        """Who is logged in, from the unit of this request."""
        if "person" not in g:
            held = requests.anybody() if requests.shown() is not None else None
            g.person = Person(held.actor) if held else None
        found: Person | None = g.person
        return found

    def load_user(self, pk: Any) -> Person | None:
        """User ``pk`` only when he is the one this request is confirmed to be (ids repeat in every enterprise)."""
        person = self.person()
        return person if person is not None and str(person.id) == str(pk) else None

    def load_user_jwt(self, _header: Any, claims: dict[str, Any]) -> Person | None:
        who = requests.shown()
        if who is None or claims.get("enterprise") != who.enterprise or claims.get("session") != who.session:
            return None
        g.user = self.load_user(claims["sub"])
        return g.user  # type: ignore[no-any-return]

    def has_access(self, permission_name: str, view_name: str) -> bool:
        try:
            held = requests.current()
        except Unauthenticated:
            return False
        if held.actor.is_admin:
            return True
        return held.actor.user_id is not None and (permission_name, view_name) in pairs_of(
            held.unit, held.actor.user_id
        )

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        return {name for name in menu_names or () if self.has_access("menu_access", name)}

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing is public: it is asked before anybody knows the enterprise."""
        return False

    def security_cleanup(self, baseviews: Any, menus: Any) -> None:
        raise Refused(message("权限由模块声明生成，不能用 security-cleanup 清理；请用 yuanke upgrade"))

    def security_converge(self, baseviews: Any, menus: Any, dry: bool = False) -> dict[str, Any]:
        raise Refused(message("权限由模块声明生成，不能用 security-converge 合并；请用 yuanke upgrade"))

    def add_user(
        self, username: str, first_name: str, last_name: str, email: str, role: Any, password: str = "", **_more: Any
    ) -> Any:
        """Users that Flask-AppBuilder enters by itself (LDAP, OAuth) are records like all others."""
        roles = [one.name for one in (role if isinstance(role, (list, set, tuple)) else [role])]
        name = f"{last_name}{first_name}" if last_name else first_name
        made = people.create_user(requests.current().unit, username, name, password or None, roles, email=email)
        return self.get_user_by_id(made)


class Shell(AppBuilder):
    """AppBuilder without its own pages: log-in, sessions, tokens, users and roles are what we take."""

    def _add_admin_views(self) -> None:
        self.sm.register_views()

    @property
    def get_url_for_index(self) -> str:
        return "/"
