import { Copy } from 'lucide-react'
import { useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { apiUrl } from '../api/client.ts'
import { useWords } from '../words/index.ts'
import css from './copy-menu.module.css'
import { copyText } from './copy-text.ts'

interface CopyMenuProps {
  /** What the command shows the same with: `orchestra server show web1`. */
  command: string
  /** Where the API has it: `/servers/web1`. */
  path: string
  /** What the API is asked with, where that is no GET. */
  body?: object
  /** What is shown, as the API answered it. */
  data: unknown
}

/** What is seen here, to be taken along: as a link, a command, a request, or what was answered. */
export function CopyMenu({ command, path, body, data }: CopyMenuProps) {
  const words = useWords()
  const [said, setSaid] = useState('')
  const texts: Readonly<Record<string, () => string>> = {
    link: () => location.href,
    command: () => command,
    // The token stays with whoever has one.
    curl: () =>
      `curl -H "Authorization: Bearer $ORCHESTRA_TOKEN"${body === undefined ? '' : posted(body)} ${quoted(apiUrl(path))}`,
    json: () => JSON.stringify(data, null, 2),
  }
  const copy = async (what: string) => {
    const isCopied = await copyText(texts[what]?.() ?? '')
    setSaid(isCopied ? words.copied : words.notCopied)
    setTimeout(() => setSaid(''), 2_000)
  }
  return (
    <MenuTrigger>
      <Button className={css.trigger}>
        <Copy size={14} aria-hidden="true" /> <span aria-live="polite">{said || words.copy}</span>
      </Button>
      <Popover className={css.popover} placement="bottom end">
        <Menu aria-label={words.copy} onAction={(what) => void copy(String(what))}>
          <MenuItem id="link" className={css.item}>
            {words.copyLink}
          </MenuItem>
          <MenuItem id="command" className={css.item}>
            {words.copyCommand}
          </MenuItem>
          <MenuItem id="curl" className={css.item}>
            {words.copyCurl}
          </MenuItem>
          <MenuItem id="json" className={css.item}>
            {words.copyJson}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}

function posted(body: object): string {
  return ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`
}

/** As a shell takes it for one word. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
