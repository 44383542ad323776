import type { News } from '../operate/index.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** Shows beside the result what a verb tells while it works; how far it is, only where a command follows that. */
export function showNews(terminal: Terminal, news: News): void {
  if (news.kind === 'warning' || news.kind === 'left-out') terminal.note(news.text)
  if (news.kind === 'unanswered') terminal.note(oneLine(news.reason))
}
