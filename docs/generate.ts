/** Writes `docs/reference.md`, `docs/query.md`, `docs/openapi.json`, the table of the client, the schemas of answers and `biome.folders.json`: `node docs/generate.ts`. A test fails while they are not current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes } from '../packages/orchestra/src/errors.ts'
import { doors, endpoints, openApi } from '../packages/orchestra/src/http/index.ts'
import { logStates } from '../packages/orchestra/src/logs/state.ts'
import { outcomes } from '../packages/orchestra/src/operations/outcome.ts'
import {
  type AnswerSchemas,
  answerSchemasPath,
  generateAnswerSchemas,
  readAnswerSchemas,
} from './generate/answer-schemas.ts'
import { clientTablePath, generateClientTable } from './generate/client.ts'
import { commandHelps } from './generate/commands.ts'
import { consoleFiltersPath, generateConsoleFilters } from './generate/console-filters.ts'
import { withDeclarations } from './generate/declarations.ts'
import { folderRulesPath, generateFolderRules } from './generate/folder-rules.ts'
import { operationRows } from './generate/operations.ts'
import { generateQueryGuide } from './generate/query.ts'

export const openApiPath = join(import.meta.dirname, 'openapi.json')
export const queryPath = join(import.meta.dirname, 'query.md')
export const referencePath = join(import.meta.dirname, 'reference.md')

/** What an application or a configuration can name, by module, in the order in which one meets it. */
const chapters: readonly { title: string; about: string; modules: Readonly<Record<string, string[]>> }[] = [
  {
    title: 'Configuration',
    about: 'The default export of `orchestra.config.ts`.',
    modules: {
      'config/config': [
        'defineConfig',
        'ConfigOptions',
        'WorkerOptions',
        'Backoff',
        'RetentionOptions',
        'Schedule',
      ],
      'config/approvals': ['ApprovalOptions'],
      'config/http': ['HttpOptions'],
      'config/proxy-user': ['ProxyUserOptions'],
      'config/oidc': ['OidcOptions', 'Claim', 'SecretPlace'],
      'store/open': ['StoreOptions'],
      'config/backend': ['Timeouts'],
      'script/transfer': ['CopyLimits'],
    },
  },
  {
    title: 'Models',
    about: 'What the application has, and how it is read.',
    modules: {
      'config/model': [
        'defineModel',
        'ModelOptions',
        'RelatedTable',
        'Loader',
        'LoaderContext',
        'Key',
        'ObjectOf',
      ],
    },
  },
  {
    title: 'Backends',
    about: 'What should be true on a server for one object.',
    modules: {
      'config/backend': [
        'defineBackend',
        'BackendOptions',
        'Action',
        'RenamePolicy',
        'MovePolicy',
        'Transfer',
        'DriftPolicy',
        'IgnoreRules',
      ],
      'script/objects': ['Objects', 'Streamed'],
    },
  },
  {
    title: 'Scripts',
    about: 'What the methods of a backend record their steps with.',
    modules: {
      'script/script': [
        'Script',
        'RunOptions',
        'FileOptions',
        'DirectoryOptions',
        'AbsentOptions',
        'ReloadOptions',
        'TrashOptions',
        'FileContent',
        'Work',
        'WorkContext',
        'WorkResult',
      ],
      'script/rendered': ['Content'],
      'script/sh': ['sh', 'raw', 'ShellValue'],
      'script/as-user': ['asUser', 'AsUserOptions'],
      'script/text': ['text', 'joinText', 'TextPart'],
      'secrets/secret': ['secret', 'Secret'],
    },
  },
  {
    title: 'In an application',
    about: 'Units of work before and after their commit, and a worker where one is wanted.',
    modules: {
      orchestra: ['Orchestra', 'CollectOptions', 'SyncOptions'],
      'http/console': ['ConsoleOptions', 'Console'],
      'http/offer': ['ApiOptions', 'OfferedApi'],
      'customers/token': ['ChangesTokenOptions', 'CustomerObject'],
      'config/wording': ['Wording'],
      'http/authorize': ['Authorize', 'Authorized'],
      'capture/unit': ['UnitOptions'],
      'capture/actor': ['Actor'],
      'units/unit': ['Unit'],
      'plan/plan': ['Plan', 'PlannedOperation', 'PlannedScriptText', 'PlannedFailure'],
      'request/request': ['SyncSelector'],
      'sync/status': ['SyncStatus'],
      'inspect/findings': ['Finding'],
      'placements/unit': ['UnitStatus', 'UnitState', 'UnitOperation'],
      'placements/operation': ['OperationView'],
      errors: ['OrchestraError', 'isOrchestraError'],
    },
  },
  {
    title: 'Events',
    about:
      'What happened, for programs that follow it live: keep a cursor, ask for what is new, and look up in the tables or by a verb what it leads to.',
    modules: {
      'events/read': ['eventsFromNow', 'readEvents', 'EventPage'],
      'events/event': ['Event', 'Told', 'EventCursor'],
    },
  },
]

/** @param answering as the types are now; left out as they were when the schemas were written */
export function generateOpenApi(answering?: AnswerSchemas): string {
  return `${JSON.stringify(openApi(endpoints, doors, answering), null, 2)}\n`
}

export function generateReference(): string {
  return [
    '# Reference',
    '<!-- Generated by docs/generate.ts. Change the code instead. -->',
    'Contents: [Commands](#commands), ' +
      [...chapters.map(({ title }) => title), 'Operations', 'Outcomes', 'Errors'].map(linkTo).join(', '),
    ...commandChapter(),
    ...codeChapters(),
    ...operationChapter(),
    ...outcomeChapter(),
    ...errorChapter(),
  ].join('\n\n')
}

function codeChapters(): string[] {
  return withDeclarations((declare) =>
    chapters.flatMap(({ title, about, modules }) => [
      `## ${title}`,
      about,
      ...Object.entries(modules).flatMap(([module, names]) =>
        names.map((name) => fenced('ts', declare(module, name))),
      ),
    ]),
  )
}

function commandChapter(): string[] {
  const helps = commandHelps().map(({ name, help }) => `### ${name}\n\n${fenced('text', help)}`)
  return ['## Commands', 'Every command has `--help`, which says the same.', ...helps]
}

function operationChapter(): string[] {
  return [
    '## Operations',
    [
      'What a person can ask for, by whatever face; most commands print the answer of one with `--json`. What has a `?` may be left out.',
      'Needs: the configuration, a connection to the store, the encryption key too, or servers. Audit: what the entry of one that changes something says.',
    ].join('\n'),
    [
      '| Operation | What it does | Takes | Needs | Answers | Audit |',
      '| --- | --- | --- | --- | --- | --- |',
      ...operationRows(),
    ].join('\n'),
    ...answerTypes(),
  ]
}

/** What they answer, where that is not declared with something else above. */
const answers: Readonly<Record<string, string[]>> = {
  'operate/server-view': ['ServerView'],
  'operate/servers': ['ServerDetails'],
  'operate/server-facts': ['ServerFacts'],
  'operate/server-add': ['ServerAdded'],
  'operate/server-approve': ['PresentedKey'],
  'operate/server-set': ['ServerSet'],
  'operate/server-remove': ['ServerRemoved'],
  'router/routes': ['Route'],
  'operate/routes': ['RouteView'],
  'operate/route-add': ['RouteAdded'],
  'operate/route-change': ['RouteChanged', 'RouteRemoved'],
  'plan/rerouting': ['Rerouting'],
  'manager/retry': ['Retried'],
  'manager/cancel': ['Cancelled'],
  'removal/protect': ['ProtectionView'],
  'removal/forget': ['Forgotten'],
  'operate/explain': ['ObjectExplained'],
  'placements/status': ['Status'],
  'operate/sync': ['SyncShown'],
  'operate/adopt': ['SurveyView', 'AdoptableView', 'Adopted'],
  'operate/plan': ['PlanShown'],
  'plan/apply': ['Applied'],
  'operate/places': ['PlacePage'],
  'placements/placement': ['PlacementView'],
  'placements/unit-list': ['UnitSummary'],
  'logs/reader': ['LogSummary', 'LogRecord'],
  'logs/lines': ['LogLines', 'LogLine'],
  'operate/trash': ['TrashView', 'TrashEmptied'],
  'key/status': ['KeyStatus'],
  'operate/keys': ['KeyRotated'],
  'server/audit-list': ['AuditView'],
  'access/approvals': ['ApprovalView'],
  'operate/approvals': ['ApprovalGiven'],
  'access/accounts': ['UserView'],
  'access/links': ['LoginLink'],
  'access/tokens': ['TokenView', 'TokenMade'],
  'access/roles': ['RoleView'],
  'access/bindings': ['BindingView'],
  'access/sessions': ['SessionView'],
  'operate/configured': ['ModelView', 'BackendView'],
  'operate/schedules': ['ScheduleView'],
  'sync/list': ['SyncRun', 'SyncView'],
  'transfer/list': ['TransferView'],
  'doctor/check': ['Diagnosis'],
  'operate/grants': ['GrantsShown'],
  'rights/grants': ['Section'],
  'removal/uninstall': ['Installed', 'Uninstalled'],
}

function answerTypes(): string[] {
  return withDeclarations((declare) =>
    Object.entries(answers).flatMap(([module, names]) =>
      names.map((name) => fenced('ts', declare(module, name))),
    ),
  )
}

function outcomeChapter(): string[] {
  return [
    '## Outcomes',
    `An operation ends as one of: ${codeList(outcomes)}.`,
    `A ScriptLog has one of these states: ${codeList(logStates)}.`,
    'What each means, and what to do about it: [operations.md](operations.md#outcomes).',
  ]
}

function errorChapter(): string[] {
  const rows = Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  return [
    '## Errors',
    'Errors are `OrchestraError`: `code` is stable, `message` names what and where, `hint` says what to do next.',
    ['| Code | Meaning |', '| --- | --- |', ...rows].join('\n'),
    '',
  ]
}

function codeList(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function linkTo(title: string): string {
  return `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}

if (import.meta.main) {
  writeFileSync(referencePath, generateReference())
  writeFileSync(queryPath, generateQueryGuide())
  writeFileSync(clientTablePath, generateClientTable())
  writeFileSync(consoleFiltersPath, generateConsoleFilters())
  const answering = readAnswerSchemas()
  writeFileSync(answerSchemasPath, generateAnswerSchemas(answering))
  writeFileSync(openApiPath, generateOpenApi(answering))
  writeFileSync(folderRulesPath, generateFolderRules())
}
