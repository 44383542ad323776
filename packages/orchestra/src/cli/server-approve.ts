import type { PresentedKey } from '../operate/index.ts'
import { serverApprove } from '../operate/index.ts'
import { askYes } from './consent.ts'
import type { Ending, Session } from './session.ts'

/** Approves the key that a server presents, shown beside the one that was approved before. */
export async function approveServer(session: Session, server: string, given?: string): Promise<Ending> {
  const { terminal } = session
  const show = (key: PresentedKey) => {
    if (!terminal.json) for (const line of keyLines(key)) terminal.line(line)
  }
  const agree = (key: PresentedKey) => {
    show(key)
    return askYes(session, 'Approve the presented key?')
  }
  const key = await session.run(serverApprove, { server, fingerprint: given }, { agree })
  if (key.before === key.approved) {
    terminal.tell(key, `${key.approved} of ${server} is approved already`)
    return 'done'
  }
  if (given !== undefined) show(key)
  terminal.tell(key, `approved: work goes on for ${server}`)
  return 'done'
}

function keyLines({ before, approved }: PresentedKey): string[] {
  return [`approved so far  ${before ?? 'none'}`, `presented now    ${approved}`]
}
