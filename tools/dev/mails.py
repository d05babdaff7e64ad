"""A mail server that delivers nothing: it keeps what it gets and shows it on a page. For ./dev up.

mails.py SMTP_PORT PAGE_PORT FOLDER    both on 127.0.0.1; a mail is FOLDER/NUMBER.eml
mails.py ready SMTP_PORT PAGE_PORT     whether both answer: exit 0 when they do

The page lists mails, the newest first; /NUMBER shows one, with links that can be followed. Nothing of a mail is shown
as anything but text.
"""

import email
import email.policy
import html
import http.server
import pathlib
import re
import signal
import smtplib
import sys
import threading
import urllib.request

from aiosmtpd.controller import Controller

KEPT = 200
STYLE = "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}pre{white-space:pre-wrap}"


class Mails:
    """The folder of mails, by number."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock = threading.Lock()

    def numbers(self):
        return sorted((int(path.stem) for path in self.folder.glob("*.eml") if path.stem.isdigit()), reverse=True)

    def add(self, content):
        with self.lock:
            numbers = self.numbers()
            (self.folder / f"{numbers[0] + 1 if numbers else 1}.eml").write_bytes(content)
            for number in numbers[KEPT - 1 :]:
                (self.folder / f"{number}.eml").unlink()

    def read(self, number):
        content = (self.folder / f"{number}.eml").read_bytes()
        return email.message_from_bytes(content, policy=email.policy.default)


class Catcher:
    """aiosmtpd's handler."""

    def __init__(self, mails):
        self.mails = mails

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.add(envelope.content)
        return "250 Kept"


def linked(text):
    """Text as HTML, its addresses of pages as links."""
    return re.sub(r"https?://[^\s<>&]+", lambda m: f'<a href="{m[0]}">{m[0]}</a>', html.escape(text))


def list_page(mails):
    rows = ""
    for number in mails.numbers():
        mail = mails.read(number)
        rows += f'<li><a href="/{number}">{html.escape(mail["Subject"])}</a> to {html.escape(mail["To"])}</li>\n'
    return f"<h1>Mails</h1>\n<ul>{rows or '<li>None yet.</li>'}</ul>"


def mail_page(mail):
    heads = "".join(f"<dt>{name}</dt><dd>{html.escape(mail[name])}</dd>" for name in ("Subject", "To", "From", "Date"))
    return f'<p><a href="/">All mails</a></p><dl>{heads}</dl><pre>{linked(mail.get_content())}</pre>'


def page_handler(mails):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                body = list_page(mails) if self.path == "/" else mail_page(mails.read(int(self.path[1:])))
            except (ValueError, OSError):
                self.send_error(404)
                return
            page = f"<!doctype html><html lang=en><title>Mails</title><style>{STYLE}</style>{body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            """A path says which mail was read: nobody needs that."""

    return Page


def serve(smtp_port, page_port, folder):
    mails = Mails(folder)
    smtp = Controller(Catcher(mails), hostname="127.0.0.1", port=int(smtp_port))
    smtp.start()
    page = http.server.ThreadingHTTPServer(("127.0.0.1", int(page_port)), page_handler(mails))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=page.shutdown).start())
    page.serve_forever()
    smtp.stop()


def ready(smtp_port, page_port):
    with smtplib.SMTP("127.0.0.1", int(smtp_port), timeout=5) as smtp:
        smtp.noop()
    urllib.request.urlopen(f"http://127.0.0.1:{page_port}/", timeout=5).close()


if __name__ == "__main__":
    if sys.argv[1] == "ready":
        ready(*sys.argv[2:])
    else:
        serve(*sys.argv[1:])
