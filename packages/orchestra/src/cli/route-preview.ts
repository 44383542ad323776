import type { Command } from 'commander'
import { routePreview } from '../operate/index.ts'
import type { MatchComparison } from '../router/index.ts'
import { type Act, wholeNumber, withExamples } from './command.ts'
import type { Ending, Session } from './session.ts'
import { oneLine } from './text-width.ts'

export function addPreviewCommand(route: Command, act: Act): void {
  const preview = route
    .command('preview <backend> <match>')
    .description('What an expression would match of some objects, beside the route that it is to change')
    .option('--route <route>', 'The route that it is to be the expression of', wholeNumber(1))
    .option('--limit <count>', 'How many objects are looked at', wholeNumber(1), 500)
    .action(act(previewCommand))
  withExamples(
    preview,
    'route preview nginx \'site.plan == "pro"\'',
    'route preview nginx true --route 3 --json',
  )
}

async function previewCommand(
  session: Session,
  backend: string,
  match: string,
  options: { route?: number; limit: number },
): Promise<Ending> {
  const compared = await session.run(routePreview, { backend, match, ...options })
  session.terminal.tell(compared, ...linesOf(compared))
  return compared.problems.length === 0 ? 'done' : 'unfinished'
}

function linesOf({ problems, tried, asksServer, errors, ...some }: MatchComparison): string[] {
  if (asksServer) return ['It depends on the server too: objects alone do not tell']
  if (problems.length > 0)
    return problems.map(({ line, column, reason }) => `line ${line}, column ${column}: ${oneLine(reason)}`)
  const told = (['matching', 'gained', 'lost'] as const).map((what) => {
    const { count, samples } = some[what]
    return `${what}: ${count} of ${tried}${count === 0 ? '' : ` (${samples.map(oneLine).join(', ')})`}`
  })
  return [...told, ...errors.map(({ name, reason }) => `${oneLine(name)}: ${oneLine(reason)}`)]
}
