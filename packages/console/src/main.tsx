import './ground.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { queries } from './api/queries.ts'
import { listenToKeys } from './parts/keys.ts'
import { router } from './routes.tsx'
import { enterByLink } from './screens/sign-in/by-link.ts'
import { reloadWhenExchanged } from './shell/exchanged.ts'
import { language, loadWords, WordsContext } from './words/index.ts'

reloadWhenExchanged()
const [words] = await Promise.all([loadWords(), enterByLink()])
document.documentElement.lang = language
listenToKeys()
const place = document.getElementById('root')
if (place === null) throw new Error('The page has no place for the console')
createRoot(place).render(
  <WordsContext value={words}>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </WordsContext>,
)
