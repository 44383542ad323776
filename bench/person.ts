import type { ServerTarget } from '../packages/orchestra/src/methods/index.ts'
import { quoteArgument } from '../packages/orchestra/src/script/sh.ts'
import type { WarmConnection } from './connections.ts'
import { timed } from './measure.ts'
import { contentOf } from './project.ts'

/** The script that a person would write for one change of a page: alone on the server, and never half a file. */
function scriptOf({ directory }: ServerTarget, page: number, body: string): string {
  return `set -e
cd ${quoteArgument(directory ?? '.')}
mkdir -p pages
exec 9>>.lock
flock 9
printf %s ${quoteArgument(contentOf(body))} >pages/.new
mv -f pages/.new pages/${page}
`
}

/** Milliseconds that it takes on a warm connection. */
export function byPerson(
  connection: WarmConnection,
  target: ServerTarget,
  page: number,
  body: string,
): Promise<number> {
  return timed(() => connection.run('bash', scriptOf(target, page, body)))
}
