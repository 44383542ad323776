import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { Autocomplete, Input, Menu, MenuItem, SearchField } from 'react-aria-components'
import { asked } from '../api/queries.ts'
import { Dialog } from '../parts/dialog.tsx'
import { useWords } from '../words/index.ts'
import { entries } from './navigation.ts'
import css from './palette.module.css'

interface Choice {
  id: string
  name: string
  kind: string
  go: () => void
}

/** Goes to a screen or to a thing by some letters of its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const [text, setText] = useState('')
  const choices = useChoices(text)
  return (
    <Dialog title={words.palette} isOpen onClose={onClose}>
      <Autocomplete inputValue={text} onInputChange={setText}>
        <SearchField aria-label={words.palette} autoFocus>
          <Input className={css.search} placeholder={words.paletteHelp} />
        </SearchField>
        <Menu
          className={css.items}
          aria-label={words.palette}
          items={choices}
          renderEmptyState={() => words.nothing}
          onAction={(id) => {
            choices.find((choice) => choice.id === id)?.go()
            onClose()
          }}
        >
          {({ id, name, kind }) => (
            <MenuItem id={id} className={css.item} textValue={name}>
              {name} <span className={css.kind}>{kind}</span>
            </MenuItem>
          )}
        </Menu>
      </Autocomplete>
    </Dialog>
  )
}

function useChoices(text: string): Choice[] {
  const words = useWords()
  const navigate = useNavigate()
  const q = useDeferredValue(text.trim())
  const { data } = useQuery({ ...asked('GET /search', { q }), enabled: q !== '', staleTime: 5_000 })
  const screens = entries
    .filter(({ name }) => words.screens[name].toLowerCase().includes(q.toLowerCase()))
    .map(({ to, name }) => ({
      id: to,
      name: words.screens[name],
      kind: words.navigation,
      go: () => void navigate({ to }),
    }))
  const servers = (q === '' ? [] : (data?.servers ?? [])).map((name) => ({
    id: `server ${name}`,
    name,
    kind: words.server,
    go: () => void navigate({ to: '/servers/$server', params: { server: name } }),
  }))
  const found = q === '' ? undefined : data
  const objects = (found?.objects ?? []).map(({ object, identity }) => ({
    id: `object ${object}`,
    name: identity === '' || object.endsWith(`:${identity}`) ? object : `${object} ${identity}`,
    kind: words.object,
    go: () => void navigate({ to: '/objects/$object', params: { object } }),
  }))
  const units = (found?.units ?? []).map((unit) => ({
    id: `unit ${unit}`,
    name: unit,
    kind: words.unit.one,
    go: () => void navigate({ to: '/units/$unit', params: { unit } }),
  }))
  const logs = (found?.logs ?? []).map((log) => ({
    id: `log ${log}`,
    name: String(log),
    kind: words.log.one,
    go: () => void navigate({ to: '/logs/$log', params: { log } }),
  }))
  return [...screens, ...servers, ...objects, ...units, ...logs]
}
