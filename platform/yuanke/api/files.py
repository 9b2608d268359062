"""Files: put in by whoever may log in, taken out under the rights of the record they hang on.

The one rule: nothing is opened because somebody knows its number. A file not yet attached belongs to who put it in.
"""

from __future__ import annotations

from flask import Response, request

from yuanke.api import asked
from yuanke.api.answers import reply
from yuanke.api.resource import Resource, expose
from yuanke.web import files
from yuanke.web.once import once


class FilesApi(Resource):
    route_base = "/api/v1/files"

    @expose("", methods=("POST",))
    @once
    def put(self) -> Response:
        """A form with one part ``file`` -> 201 ``{id, name, size, type}``, to be named in a field of a record."""
        asked.only(())
        info = files.keep()
        said = {"id": info.id, "name": info.name, "size": info.size, "type": info.type}
        return reply(said, 201, {"Location": f"/api/v1/files/{info.id}"})

    @expose("/<identity:file_id>", methods=("GET",))
    def get(self, file_id: int) -> Response:
        """The content. ``entity`` and ``record`` name the record it hangs on, for everybody but who put it in."""
        asked.only(("entity", "record"))
        return files.send(file_id, request.args.get("entity"), asked.number("record", 0, 2**31 - 1))
