import type { IgnoreRules } from '../config/backend.ts'
import type { Expectation, ExpectedPlace } from '../inspect/index.ts'
import { sh } from '../script/index.ts'

/** Something that happens to a server. */
export interface Damage {
  path: string
  what: string
  command: string
}

/** What can happen to each place of an object, one by one, so that another save can make it good. Pure. */
export function damagesOf({ places }: Expectation, ignore: IgnoreRules = {}): Damage[] {
  return places.flatMap((place) => damagesTo(place, ignore))
}

function damagesTo(place: ExpectedPlace, ignore: IgnoreRules): Damage[] {
  const { path } = place
  const to = (what: string, command: ReturnType<typeof sh>): Damage => ({
    path,
    what: `${path} ${what}`,
    command: command.rendered.reveal(),
  })
  const access = 'mode' in place && place.mode !== null && ignore.permissions !== true
  const closed = access ? [to('got another mode', sh`chmod 0000 -- ${path}; chmod 0500 -- ${path}`)] : []
  switch (place.kind) {
    case 'file':
      return [
        to('got another line', sh`printf 'a line of somebody else\n' >>${path}`),
        to('was removed', sh`rm -f -- ${path}`),
        ...closed,
      ]
    case 'directory':
      return closed
    case 'symlink':
      return [
        to('led elsewhere', sh`ln -sfT -- somewhere-else ${path}`),
        to('was removed', sh`rm -f -- ${path}`),
      ]
    case 'absent':
      return [to('came back', sh`printf 'something\n' >${path}`)]
  }
}
