import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useAct } from '../api/act.ts'
import { asked } from '../api/queries.ts'
import { inLanguage } from '../words/index.ts'
import { ActForm } from './act-form.tsx'
import css from './saved-views.module.css'
import { Problem } from './view.tsx'

const own = inLanguage({
  en: {
    views: 'Saved views',
    save: 'Save this view',
    name: 'Name',
    shared: 'Everybody sees it',
    of: (owner: string) => `of ${owner}`,
    remove: (name: string) => `Remove the view ${name}`,
  },
  es: {
    views: 'Vistas guardadas',
    save: 'Guardar esta vista',
    name: 'Nombre',
    shared: 'La ve todo el mundo',
    of: (owner: string) => `de ${owner}`,
    remove: (name: string) => `Quitar la vista ${name}`,
  },
  ca: {
    views: 'Vistes desades',
    save: 'Desar aquesta vista',
    name: 'Nom',
    shared: 'La veu tothom',
    of: (owner: string) => `de ${owner}`,
    remove: (name: string) => `Treure la vista ${name}`,
  },
})

interface SavedViewsProps {
  page: string
  query: string
  onQuery: (query: string) => void
}

/** What a list was narrowed by before and is to be again: one's own, and what others show to everybody. */
export function SavedViews({ page, query, onQuery }: SavedViewsProps) {
  const { data } = useQuery(asked('GET /views', { page, limit: 200 }))
  const remove = useAct('DELETE /views/{view}')
  const views = data?.items ?? []
  const isSaved = views.some(({ q }) => q === query)
  if (views.length === 0 && query === '') return null
  return (
    <div className={css.views}>
      <ul aria-label={own.views}>
        {views.map(({ id, name, q, own: isOwn, owner }) => (
          <li key={id}>
            <button type="button" aria-pressed={q === query} title={q} onClick={() => onQuery(q)}>
              {name} {isOwn ? null : <small>{own.of(owner)}</small>}
            </button>
            {isOwn ? (
              <button type="button" aria-label={own.remove(name)} onClick={() => remove.mutate({ view: id })}>
                <X size={12} aria-hidden="true" />
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {query === '' || isSaved ? null : (
        <ActForm
          act="POST /views"
          label={own.save}
          title={own.save}
          help={<code>{query}</code>}
          fields={[
            { name: 'name', label: own.name, isRequired: true, most: 100 },
            { name: 'shared', label: own.shared, kind: 'flag' },
          ]}
          input={({ name = '', shared }) => ({ name, page, q: query, shared: shared === 'yes' })}
        />
      )}
      {remove.error === null ? null : <Problem error={remove.error} />}
    </div>
  )
}
