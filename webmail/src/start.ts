// The first script, a small one: it asks for the mail, shows it, and loads what it is read with.
import '@mantine/core/styles.css'
import '@chappe/kit/style.css'
import './app/style.css'
import { startLanguage } from '@chappe/kit'
import { drawPicture, pictureGoes } from './app/picture'
import { askEarly } from './jmap/early'

/** For which the application waits, that the mail is shown before the processor is busy with it. */
const PATIENCE_MS = 400
/** The application has its own by then, or trouble that is to be seen. */
const REPLACED_MS = 5000
const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms))
/** What was drawn is on the screen; nothing is, where nobody looks. */
const painted = () => Promise.race([new Promise<void>((go) => requestAnimationFrame(() => setTimeout(go))), sleep(100)])

/** Fetches what index.html names (build/preloads.ts), once. Not as modules, which would be compiled as they come, while the mail is to be drawn. */
function fetchRest(): void {
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel=later]')) link.rel = 'preload'
}

async function showMail(): Promise<void> {
  const first = await askEarly(() => setTimeout(fetchRest)) // behind what is drawn at once
  if (!first) return
  try {
    drawPicture(first)
    await painted()
  } catch {
    pictureGoes() // what is wrong with the answers is said by who reads them with care
  }
}

startLanguage()
void Promise.race([showMail(), sleep(PATIENCE_MS)])
  .then(() => import('./main'))
  .finally(() => setTimeout(pictureGoes, REPLACED_MS))
