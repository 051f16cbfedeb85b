/* The words of reports, for screens that list them. They load this after the first sight. */
export { reportWords } from './i18n/report-words';
