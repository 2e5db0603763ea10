#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""replay-browser.py HVLAB SCENARIO: the page of `hvlab render --replay` in a real browser.

Drives Chromium through chromedriver, whose protocol (WebDriver) is JSON over HTTP, by keyboard
alone: steps forth and back, answers and reveals a question, opens the rows. Then looks at the
layout on a wide screen and on a phone: nothing may be cut off, and pictures have names. Skipped
where chromium or chromedriver is not installed.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ARROW_LEFT, ARROW_RIGHT, HOME, END, TAB, SPACE, ENTER = (
    '\ue012', '\ue014', '\ue011', '\ue010', '\ue004', ' ', '\ue007')
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--hide-scrollbars', '--disable-dev-shm-usage']


class Browser:
    """One window, one page."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.driver.stdout:
            if 'successfully on port' in line:
                port = int(line.split('port')[-1].strip(' .\n'))
                break
        self.base = f'http://127.0.0.1:{port}/session'
        args = [*FLAGS, f'--user-data-dir={folder}/profile']
        made = self.ask('POST', '', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome',
            'goog:chromeOptions': {'args': args, 'binary': shutil.which('chromium')}}}})
        self.base += '/' + made['sessionId']

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={'Content-Type': 'application/json'})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)['value']

    def run(self, script):
        return self.ask('POST', '/execute/sync', {'script': script, 'args': []})

    def keys(self, *keys):
        actions = [{'type': kind, 'value': key} for key in keys for kind in ('keyDown', 'keyUp')]
        self.ask('POST', '/actions', {'actions': [{'type': 'key', 'id': 'k', 'actions': actions}]})

    def resize(self, width, height):
        """As on a device of that width: a window cannot be as narrow."""
        self.ask('POST', '/goog/cdp/execute', {
            'cmd': 'Emulation.setDeviceMetricsOverride',
            'params': {'width': width, 'height': height, 'deviceScaleFactor': 1,
                       'mobile': width < 600}})

    def picture(self, path):
        import base64
        path.write_bytes(base64.b64decode(self.ask('GET', '/screenshot')))

    def close(self):
        try:
            self.ask('DELETE', '')
        finally:
            self.driver.terminate()
            self.driver.wait()


def shown(browser):
    """The number of the step that is shown; there must be exactly one."""
    numbers = browser.run('return [].slice.call(document.querySelectorAll("section")).map('
                          'function(s,i){return s.hidden?-1:i}).filter(function(i){return i>=0})')
    assert len(numbers) == 1, numbers
    return numbers[0]


def active(browser):
    return browser.run('var e=document.activeElement;return e.tagName+(e.id?"#"+e.id:"")'
                       '+(e.type?":"+e.type:"")')


def test_steps(browser):
    last = browser.run('return document.querySelectorAll("section").length') - 1
    assert last > 4, last
    assert shown(browser) == 0
    browser.keys(ARROW_RIGHT)
    assert shown(browser) == 1
    assert active(browser).startswith('H2'), active(browser)  # a screen reader reads it
    assert browser.run('return document.getElementById("where").textContent') == \
        f'Step 2 of {last + 1}'
    browser.keys(ARROW_LEFT)
    browser.keys(ARROW_LEFT)
    assert shown(browser) == 0
    browser.keys(END)
    assert shown(browser) == last
    assert browser.run('return document.getElementById("next").disabled')
    browser.keys(HOME)
    assert shown(browser) == 0
    # And with the buttons, which Tab reaches.
    browser.run('document.getElementById("next").focus()')
    browser.keys(ENTER)
    browser.keys(SPACE)
    assert shown(browser) == 2
    assert browser.run('return location.hash') == '#3'


def test_question(browser):
    """Predict and reveal, with Tab and Space: the first question that is a choice, or of ports."""
    step = browser.run('return [].slice.call(document.querySelectorAll("section")).findIndex('
                       'function(s){return s.querySelector("form.ask input:not([type=number])")})')
    assert step >= 0
    browser.keys(HOME)
    browser.keys(*[ARROW_RIGHT] * step)
    assert shown(browser) == step
    verdict = 'return document.querySelector("section:not([hidden]) .verdict").textContent'
    hidden = 'return document.querySelector("section:not([hidden]) .reveal").hidden'
    assert browser.run(hidden)
    for _ in range(20):
        if active(browser).split(':')[-1] in ('radio', 'checkbox'):
            break
        browser.keys(TAB)
    else:
        raise AssertionError('Tab does not reach the question')
    # An arrow key in the question is the question's.
    browser.keys(SPACE)
    browser.keys(ARROW_RIGHT)
    assert shown(browser) == step
    browser.keys(ENTER)
    assert not browser.run(hidden)
    assert browser.run(verdict) in ('Right.', 'Not this time.')
    # Everything that is right, and nothing else, is Right.
    browser.run('document.querySelectorAll("section:not([hidden]) form.ask input").forEach('
                'function(i){i.checked=i.dataset.right==="1"});'
                'document.querySelector("section:not([hidden]) form.ask button").focus()')
    browser.keys(ENTER)
    assert browser.run(verdict) == 'Right.', browser.run(verdict)
    answer = 'return document.querySelector("section:not([hidden]) .reveal strong").textContent'
    assert browser.run(answer)


def test_rows(browser):
    step = browser.run('return [].slice.call(document.querySelectorAll("section")).findIndex('
                       'function(s){return s.querySelector("details")})')
    browser.keys(HOME)
    browser.keys(*[ARROW_RIGHT] * step)
    browser.run('document.querySelector("section:not([hidden]) summary").focus()')
    browser.keys(ENTER)
    assert browser.run('return document.querySelector("section:not([hidden]) details").open')
    assert browser.run('return document.querySelector('
                       '"section:not([hidden]) td:nth-child(3)").textContent.length') > 5


def test_names(browser):
    """Every picture says in words what is on it, every control has a name, ids are unique."""
    assert browser.run(
        'return [].slice.call(document.querySelectorAll("section svg")).every(function(s){'
        'return s.getAttribute("role")==="img"&&/VM /.test(s.getAttribute("aria-label"))})')
    assert browser.run(
        'return [].slice.call(document.querySelectorAll("input,select,button")).every(function(e){'
        'return (e.closest("label")||e).textContent.trim().length>0})')
    assert browser.run('var n={};return [].slice.call(document.querySelectorAll("[id]")).every('
                       'function(e){if(n[e.id])return false;return n[e.id]=true})')
    assert browser.run('return document.documentElement.lang') == 'en'
    # One file: nothing is fetched from elsewhere.
    assert browser.run('return performance.getEntriesByType("resource").length') == 0


def layout(browser, width, height):
    browser.resize(width, height)
    count = browser.run('return document.querySelectorAll("section").length')
    browser.keys(HOME)
    for step in range(count):
        over = browser.run('return document.documentElement.scrollWidth-innerWidth')
        assert over <= 0, f'step {step + 1} is {over} pixels too wide at {width}'
        box = browser.run('var r=document.querySelector("section:not([hidden]) .pic")'
                          '.getBoundingClientRect();return [r.width,r.height]')
        assert box[0] > width * 0.45 and box[1] > 150, (step, box)
        browser.keys(ARROW_RIGHT)


def test_wide(browser):
    layout(browser, 1280, 800)
    # Picture and question are seen together.
    browser.keys(HOME)
    bottom = browser.run('return document.querySelector("section:not([hidden]) .pic")'
                         '.getBoundingClientRect().bottom')
    assert bottom <= 800, bottom


def test_phone(browser):
    layout(browser, 360, 640)


TESTS = [test_steps, test_question, test_rows, test_names, test_wide, test_phone]


def main(hvlab, scenario, pictures=None):
    missing = [tool for tool in ('chromium', 'chromedriver') if not shutil.which(tool)]
    if missing:
        print(f'1..0 # SKIP {", ".join(missing)} not installed')
        return 0
    print(f'1..{len(TESTS)}', flush=True)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / 'page.html'
        subprocess.run([hvlab, 'render', '--replay', '-o', page, scenario], check=True)
        os.environ['HOME'] = folder
        browser = Browser(folder)
        try:
            for number, test in enumerate(TESTS, 1):
                browser.ask('POST', '/url', {'url': page.as_uri()})
                browser.run('location.hash="";location.reload()')
                try:
                    test(browser)
                except AssertionError as error:
                    bad += 1
                    print(f'not ok {number} - {test.__name__}: {error}', flush=True)
                else:
                    print(f'ok {number} - {test.__name__}', flush=True)
                if pictures:
                    browser.keys(HOME)
                    browser.keys(*[ARROW_RIGHT] * 3)
                    browser.picture(pathlib.Path(pictures) / f'{test.__name__}.png')
        finally:
            browser.close()
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
