#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Finds shell expansions inside the programs of awk, sed, sh -c, eval and the like.

program-text.py FILE...: prints FILE:LINE: PROGRAM, and exits with 1, for each program text
into which the shell pastes something. A value belongs in an argument, -v or ENVIRON: a quote
or a newline in it would otherwise be program.
"""

import os
import re
import sys

SHELLS = {"sh", "bash", "dash", "ash", "su", "python3", "perl"}
SWITCH = {"perl": "e"}
AWK_WITH_VALUE = {"-F", "-v", "-f"}


class Word:
    def __init__(self, line):
        self.line, self.text, self.expands = line, "", False


class Script:
    """A reader of POSIX shell, as far as words and their quotes go."""

    def __init__(self, text, found, line=1):
        self.text, self.at, self.found, self.first = text, 0, found, line
        self.heredocs = []

    def line(self):
        return self.first + self.text.count("\n", 0, self.at)

    def peek(self, length=1):
        return self.text[self.at:self.at + length]

    def commands(self, stop=""):
        """Up to the unquoted STOP that belongs to our caller."""
        words, cases, depth = [], [], 0
        while self.at < len(self.text):
            c = self.peek()
            if c == stop and c == "`":
                break
            if c == ")":
                if cases and cases[-1] == "pattern":
                    cases[-1] = "body"
                elif depth:
                    depth -= 1
                elif stop == ")":
                    break
                words = self.end(words)
                self.at += 1
            elif c == "(":
                depth += not (cases and cases[-1] == "pattern")
                words = self.end(words)
                self.at += 1
            elif self.peek(2) == "\\\n":
                self.at += 2
            elif c in " \t":
                self.at += 1
            elif c == "#":
                self.at = (self.text.find("\n", self.at) + 1 or len(self.text) + 1) - 1
            elif self.peek(2) == "<<" and self.peek(3) != "<<<":
                self.heredoc()
            elif c in "<>":
                self.at += 1
            elif c in "\n;|&":
                if self.peek(2) == ";;" and cases:
                    cases[-1] = "pattern"
                    self.at += 1
                words = self.end(words)
                self.at += 1
                if c == "\n":
                    self.bodies()
            else:
                word = self.word(stop)
                if word.text == "case" and not words:
                    cases.append("word")
                elif word.text == "in" and cases and cases[-1] == "word":
                    cases[-1] = "pattern"
                    words = []
                    continue
                elif word.text == "esac" and cases and not words:
                    cases.pop()
                    continue
                elif word.text in ("then", "do", "else", "if", "while", "until", "elif", "{", "!"):
                    continue
                words.append(word)
        self.end(words)

    def word(self, stop):
        word = Word(self.line())
        while self.at < len(self.text):
            c = self.peek()
            if c in " \t\n;|&<>()" or c == stop == "`":
                break
            if c == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                word.text += self.text[self.at + 1:end]
                self.at = end + 1
            elif c == '"':
                self.at += 1
                while self.at < len(self.text) and self.peek() != '"':
                    self.piece(word)
                self.at += 1
            else:
                self.piece(word)
        return word

    def piece(self, word):
        """One character, escape or expansion of a word."""
        c = self.peek()
        if c == "\\":
            word.text += self.peek(2)[1:]
            self.at += 2
        elif c == "`":
            word.expands = True
            self.at += 1
            self.commands("`")
            self.at += 1
        elif c == "$" and re.match(r"[A-Za-z0-9_@*#?$!({-]", self.peek(2)[1:]):
            word.expands = True
            self.expansion()
        else:
            word.text += c
            self.at += 1

    def expansion(self):
        self.at += 1
        if self.peek(2) == "((":
            depth = 0
            while self.at < len(self.text):
                depth += {"(": 1, ")": -1}.get(self.peek(), 0)
                self.at += 1
                if not depth:
                    return
        elif self.peek() == "(":
            self.at += 1
            self.commands(")")
            self.at += 1
        elif self.peek() == "{":
            self.at += 1
            inner = Word(0)
            while self.at < len(self.text) and self.peek() != "}":
                if self.peek() == '"':
                    self.at += 1
                else:
                    self.piece(inner)
            self.at += 1
        else:
            self.at += 1
            while re.match(r"\w", self.peek() or " "):
                self.at += 1

    def heredoc(self):
        match = re.compile(r"<<(-?)[ \t]*(\\?)(['\"]?)(\w+)\3").match(self.text, self.at)
        if not match:
            self.at += 2
            return
        self.heredocs.append((match[4], bool(match[1]), not match[2] + match[3]))
        self.at = match.end()

    def bodies(self):
        """What follows a line with <<: text, with commands in it if it is not quoted."""
        for end, tabs, live in self.heredocs:
            start, line = self.at, self.line()
            while self.at < len(self.text):
                stop = self.text.find("\n", self.at)
                stop = len(self.text) if stop < 0 else stop
                row = self.text[self.at:stop]
                self.at = stop + 1
                if (row.lstrip("\t") if tabs else row) == end:
                    break
            if live:
                inner = Script(self.text[start:self.at], self.found, line)
                while inner.at < len(inner.text):
                    inner.piece(Word(0))
        self.heredocs = []

    def end(self, words):
        for i, word in enumerate(words):
            name = os.path.basename(word.text)
            for program in programs(name, words[i + 1:]):
                if program.expands:
                    self.found.append((program.line, name))
        return []


def programs(name, args):
    """The words that are program text when NAME is called with ARGS."""
    if name == "eval":
        return args
    if name in SHELLS:
        switch = SWITCH.get(name, "c")
        for i, arg in enumerate(args[:-1]):
            if re.fullmatch("-[a-zA-Z]*" + switch, arg.text):
                return [args[i + 1]]
        return []
    if name not in ("awk", "gawk", "mawk", "sed"):
        return []
    found, skip, others = [], False, []
    given = False
    for i, arg in enumerate(args):
        if skip:
            skip = False
        elif name == "sed" and re.fullmatch("-[a-zA-Z]*e", arg.text):
            given = skip = True
            found += args[i + 1:i + 2]
        elif arg.text == "-f":
            given = skip = True
        elif name != "sed" and arg.text in AWK_WITH_VALUE:
            skip = True
        elif not arg.text.startswith("-"):
            others.append(arg)
    return found if given else others[:1]


def main():
    bad = 0
    for path in sys.argv[1:]:
        found = []
        with open(path, encoding="utf-8") as source:
            Script(source.read(), found).commands()
        for line, name in sorted(found):
            print("%s:%d: the shell pastes text into a program of %s" % (path, line, name))
        bad += len(found)
    return bad > 0


sys.exit(main())
