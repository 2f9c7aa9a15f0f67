import { Boundary, ConnectionBanner, LanguageMenu, Mark, onDemand, ThemeMenu } from '@chappe/kit'
import { IconMenu2, IconPencil } from '@chappe/kit/icons'
import { ActionIcon, Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Suspense, useEffect, useLayoutEffect } from 'react'
import { FolderTree } from '../features/folders/tree'
import { SearchBox } from '../features/search/box'
import { AccountMenu } from './account-menu'
import { pictureGoes } from './picture'
import { overlays, useCompose } from './plugs'
import classes from './shell.module.css'
import { useAppTexts } from './texts'

const Side = onDemand(() => import('./side-drawer'))
const Offline = onDemand(() => import('./offline'))

/** `onWrite`: what is in the way of who begins to write goes. */
export function Navigation({ onWrite }: { onWrite?: () => void }) {
  const say = useAppTexts()
  const compose = useCompose()
  return (
    <>
      {compose && (
        <Button className={classes.compose} leftSection={<IconPencil size={18} />} onClick={() => (onWrite?.(), compose({ kind: 'new' }))} fullWidth size="md">
          {say('compose')}
        </Button>
      )}
      <FolderTree />
    </>
  )
}

/** Bar, folders and the page. */
export function Shell() {
  const say = useAppTexts()
  const place = useRouterState({ select: (s) => s.location.href })
  const [side, { open: openSide, close: closeSide }] = useDisclosure()
  useEffect(closeSide, [place, closeSide])
  const isOfMail = place === '/' || place.startsWith('/mail/')
  useLayoutEffect(() => {
    if (!isOfMail) pictureGoes()
  }, [isOfMail])
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {say('skip')}
      </a>
      <header className={classes.bar}>
        <ActionIcon variant="transparent" className={classes.burger} onClick={openSide} aria-label={say('menu')}>
          <IconMenu2 size={20} />
        </ActionIcon>
        <Link to="/" className={classes.brand} aria-label={say('product')}>
          <Mark size={26} />
          <span>{say('product')}</span>
        </Link>
        <div className={classes.middle}>
          <SearchBox />
        </div>
        <div className={classes.tools}>
          <LanguageMenu className={`${classes.tool} ${classes.wide}`} />
          <ThemeMenu className={`${classes.tool} ${classes.wide}`} />
          <AccountMenu />
        </div>
      </header>
      <nav className={classes.side} aria-label={say('folders')}>
        <Navigation />
      </nav>
      {side && <Side onClose={closeSide} />}
      <main className={classes.main} id="content" tabIndex={-1}>
        <ConnectionBanner />
        <div className={classes.page}>
          <Boundary place={place}>
            <Suspense>
              <Outlet />
            </Suspense>
          </Boundary>
        </div>
      </main>
      <Offline />
      {overlays.map((Overlay, i) => (
        <Overlay key={i} />
      ))}
    </div>
  )
}
