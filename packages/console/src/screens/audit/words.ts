import { inLanguage } from '../../words/index.ts'

/** What the screen of the audit says. */
export const own = inLanguage({
  en: {
    title: 'Audit',
    none: 'Nobody has done anything yet',
    target: 'What to',
    detail: 'Details',
    verify: 'Verify the chain',
    verifying: 'Looking at every entry…',
    whole: (entries: number) => `The chain is whole: ${entries} entries`,
    broken: 'The chain is broken',
    unlinked: (count: number) => `${count} not linked yet`,
    export: 'Export',
    head: 'Its end, to be posted elsewhere',
  },
  es: {
    title: 'Auditoría',
    none: 'Nadie ha hecho nada todavía',
    target: 'A qué',
    detail: 'Detalles',
    verify: 'Comprobar la cadena',
    verifying: 'Mirando cada entrada…',
    whole: (entries: number) => `La cadena está entera: ${entries} entradas`,
    broken: 'La cadena está rota',
    unlinked: (count: number) => `${count} aún sin enlazar`,
    export: 'Exportar',
    head: 'Su final, para publicarlo en otro sitio',
  },
  ca: {
    title: 'Auditoria',
    none: 'Ningú no ha fet res encara',
    target: 'A què',
    detail: 'Detalls',
    verify: 'Comprovar la cadena',
    verifying: 'Mirant cada entrada…',
    whole: (entries: number) => `La cadena és sencera: ${entries} entrades`,
    broken: 'La cadena està trencada',
    unlinked: (count: number) => `${count} encara sense enllaçar`,
    export: 'Exportar',
    head: 'El seu final, per publicar-lo en un altre lloc',
  },
})
