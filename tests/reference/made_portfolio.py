"""A portfolio that has everything a rule can do wrong: three time zones, dated rules, stages of every kind.

Its workflow for stories leaves a backlog out of flow time, has two done stages, blocked and cancelled statuses and a
status that changed its stage in March; that for epics is committed with its first stage; several statuses are mapped
nowhere.
"""

STATUSES = {
    # name: (id, the tool's own category)
    "To Do": ("1", "new"),
    "Ready": ("2", "new"),
    "In Progress": ("3", "indeterminate"),
    "On Hold": ("4", "indeterminate"),
    "Waiting": ("5", "new"),
    "Verify": ("6", "indeterminate"),
    "Test": ("7", "indeterminate"),
    "Done": ("8", "done"),
    "Released": ("9", "done"),
    "Rejected": ("10", "done"),
    "Triage": ("11", "new"),  # mapped nowhere, like the next two
    "Pairing": ("12", "indeterminate"),
    "Shelved": ("13", "done"),
}
# What "Test" was called when older changes were written.
OLD_NAMES = {"Test": "In Test"}

ON_THE_WAY = ("To Do", "Ready", "In Progress", "Waiting", "Verify", "Test", "Done", "Released")
TYPES = ("Story", "Story", "Story", "Bug", "Task", "Feature", "Epic", "Spike", "Sub-task", "Clean-up")
SUBTASK_TYPES = {"Sub-task", "Clean-up"}
PROJECTS = ("ALF", "ALF", "BET", "GAM")
LABELS = ("tech-debt", "blocked", "green", "ux")
TEAM_VALUES = ("Blue", "blue ", "Nobody")
COMPONENTS = ("Red", "Other")

FIELDS = {
    "team": "customfield_1",
    "estimate": "customfield_2",
    "flagged": "customfield_3",
    "blocked_reason": "customfield_4",
}

PORTFOLIO = """
portfolio: {id: made, name: Made, timezone: Europe/Berlin, currency: EUR}
calendar: {country: DE, working_days: [mon, tue, wed, thu, fri], hours: ["09:00", "17:00"]}
increments:
  - {id: I-1, start: 2026-02-02, end: 2026-03-15}
  - {id: I-2, start: 2026-03-16, end: 2026-04-12}
  - {id: I-3, start: 2026-04-13, end: 2026-05-31}
value_streams:
  - id: alpha
    name: Alpha
    trains:
      - {id: one, name: One, teams: [{id: red, name: Red}, {id: green, name: Green}]}
      - {id: two, name: Two, teams: [{id: white, name: White}]}
  - {id: beta, name: Beta, timezone: America/New_York, trains: [{id: three, name: Three, teams: [{id: blue, name: B}]}]}
  - {id: gamma, name: Gamma, timezone: Asia/Tokyo, trains: [{id: four, name: Four, teams: [{id: gold, name: Gold}]}]}
sources:
  - {id: main, tool: jira, exports: exports/main}
  - {id: other, tool: jira, exports: exports/other}
workflows:
  - id: delivery
    applies_to: {levels: [story]}
    stages:
      - {id: backlog, name: Backlog, kind: queue, counted: false, statuses: [To Do]}
      - {id: ready, name: Ready, kind: queue, statuses: [Ready]}
      - id: build
        name: Build
        kind: active
        commitment: true
        wip_limit: 3
        statuses: [In Progress, On Hold, {status: Verify, valid_to: 2026-03-20}]
      - {id: wait, name: Wait, kind: queue, statuses: [waiting]}
      - {id: test, name: Test, kind: active, statuses: [{status: verify, valid_from: 2026-03-21}, Test]}
      - {id: done, name: Done, kind: done, statuses: [Done]}
      - {id: released, name: Released, kind: done, statuses: [Released]}
    cancelled: {statuses: [Rejected], resolutions: ["Won't Do", "won't do"]}
    blocked: {statuses: [On Hold, on hold], labels: [blocked]}
  - id: feature
    applies_to: {levels: [feature], value_streams: [alpha, beta]}
    stages:
      - {id: funnel, name: Funnel, kind: queue, counted: false, statuses: [To Do]}
      - {id: analysis, name: Analysis, kind: active, statuses: [Ready]}
      - {id: make, name: Make, kind: active, statuses: [In Progress, Verify, Test], commitment: true}
      - {id: done, name: Done, kind: done, statuses: [Done, Released]}
    cancelled: {resolutions: ["Won't Do"]}
  - id: epic
    stages:
      - {id: run, name: Run, kind: active, commitment: true, statuses: [In Progress]}
      - {id: rest, name: Rest, kind: queue, statuses: [Waiting, Ready]}
      - {id: done, name: Done, kind: done, statuses: [Done]}
membership:
  - {team: white, when: {label: green, project: ALF}}
  - {team: red, when: {project: ALF, component: Red}}
  - {team: blue, when: {team: Blue}}
  - {team: green, when: {project: ALF}, valid_to: 2026-03-15}
  - {team: red, when: {project: ALF}, valid_from: 2026-03-16}
  - {team: gold, when: {project: GAM}}
work_types:
  - {level: epic, work_type: feature, when: {type: Epic}}
  - {level: feature, work_type: risk, when: {type: Feature, label: ux}}
  - {level: feature, work_type: feature, when: {type: Feature}}
  - {level: story, work_type: debt, when: {type: Clean-up}}
  - {level: story, work_type: defect, when: {type: bug}}
  - {level: story, work_type: debt, when: {type: Task, label: tech-debt}}
  - {level: story, work_type: enabler, when: {type: Task}}
  - {level: story, work_type: feature, when: {type: Story}}
fields:
  main: {team: customfield_1, estimate: customfield_2, flagged: customfield_3, blocked_reason: customfield_4}
  other: {team: customfield_1, estimate: customfield_2, flagged: customfield_3, blocked_reason: customfield_4}
"""
