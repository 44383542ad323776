import { filtersOf } from '../../packages/orchestra/src/operate/index.ts'
import { LONGEST_QUERY, MOST_COUNTED, MOST_TERMS } from '../../packages/orchestra/src/query/index.ts'

/** `docs/query.md`: the language of lists, and the filters of each, as the lists themselves have them. */
export function generateQueryGuide(): string {
  const chapters = Object.entries(filtersOf).map(([verb, filters]) => {
    const rows = Object.entries(filters.by).map(
      ([name, { about, values }]) =>
        `| \`${name}:\` | ${about}${values === undefined ? '' : `: ${values.map((value) => `\`${value}\``).join(' ')}`} |`,
    )
    return [
      `## ${titles[verb as keyof typeof filtersOf]}`,
      '| Filter | What it compares |\n| --- | --- |',
      `${rows.join('\n')}\n| a text | ${filters.text.about} |`,
    ]
      .join('\n\n')
      .replace('--- |\n\n', '--- |\n')
  })
  return `${[INTRODUCTION, ...chapters].join('\n\n')}\n`
}

/** What a list is called, and where it is found. */
const titles: Readonly<Record<keyof typeof filtersOf, string>> = {
  'server.list': 'Servers: `server list`, `/servers`',
  'place.list': 'Placements: `place list`, `/placements`',
  'object.list': 'Objects, of which one placement has to fit: `object list`, `/objects`',
  'unit.list': 'Units of work: `unit list`, `/units`',
  'operation.list': 'Operations: `operation list`, `/operations`',
  'log.list': 'Logs: `log list`, `/logs`',
  'drift.list': 'Findings: `drift`, `/findings`',
  'incident.list': 'Incidents: `incident list`',
  'sync.list': 'Synchronizations and checks: `sync list`, `/syncs`',
  'transfer.list': 'Transfers: `transfer list`, `/transfers`',
  'route.list': 'Routes: `route list`, `/routes`',
  'protection.list': 'Protections: `/protections`',
  'plan.list': 'Plans that are kept: `plan list`, `/plans`',
  'audit.list': 'The audit: `audit list`, `/audit`',
}

const INTRODUCTION = `<!-- Written by docs/generate.ts -->

# Queries

One language narrows every list, in the command and over HTTP:

\`\`\`sh
orchestra log list --query 'server:web1 is:failed -backend:cron "permission denied"'
curl -s -G http://127.0.0.1:4480/api/v1/logs --data-urlencode 'q=server:web1 is:failed -backend:cron "permission denied"'
\`\`\`

- \`name:value\` is a filter. The same one again means either: \`server:web1 server:web2\`. Different ones have to fit together.
- \`-\` rules out what follows. What a row does not tell is not what is ruled out: \`-actor:bo\` has those without an actor.
- Anything else is a text. Texts are looked for together, each as a whole, in any case of its letters but where it says otherwise.
- Quotes hold what has a blank, a quote or a colon of its own: \`"site:12"\` is a text, \`object:site:12\` a filter. In quotes, \`\\\` takes
  the character behind it as it is.
- A name or a value that a list has not is refused with its place: \`ORC_QUERY_INVALID\`, over HTTP with \`from\` and \`to\` in \`errors\`.
- A query has at most ${LONGEST_QUERY.toLocaleString('en')} characters and ${MOST_TERMS} conditions.

Over HTTP a page tells how many fit in \`count\`, up to ${MOST_COUNTED.toLocaleString('en')}; beyond, and where logs are searched for a text,
\`countIsExact\` is false, and there are as many at least.`
