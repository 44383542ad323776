import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { apiUrl } from '../../api/client.ts'
import { asked } from '../../api/queries.ts'
import { View } from '../../parts/view.tsx'
import { useWords } from '../../words/index.ts'
import css from './log.module.css'

/** The script as it ran, secrets by name. */
export function ScriptTab() {
  const words = useWords()
  const { log } = useParams({ from: '/logs/$log/script' })
  const script = useQuery(asked('GET /logs/{log}/script', { log }))
  return (
    <View of={script}>
      {(text) => (
        <div className={css.viewer}>
          <div className={css.tools}>
            <span>{words.log.scriptHelp}</span>
            <a className={css.download} href={apiUrl(`/logs/${log}/script`)} download={`log-${log}.sh`}>
              {words.log.download}
            </a>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keys */}
          <pre className={css.script} tabIndex={0}>
            {text}
          </pre>
        </div>
      )}
    </View>
  )
}
