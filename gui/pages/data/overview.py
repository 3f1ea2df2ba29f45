"""What a source holds: its classes and subsets, sizes, colours, and what is wrong with it."""

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.config import DIGITS
from engine.messages.views import ProgressView, SourceView, SurveyView
from gui.pages.data.problem_table import ProblemTable
from gui.pages.data.stacked_bars import ROW_HEIGHT, StackedBars, SubsetLegend
from gui.pages.data.subset_marks import SUBSET_NAMES
from gui.pages.data.survey_facts import counts_of, sizes_of, troubles_of, words_of
from gui.widgets.counted import counted
from gui.widgets.scroll_column import ScrollColumn, heading, plain_text, quiet_text
from gui.widgets.task_progress import TaskProgress
from gui.widgets.theme import RHYTHM, make_quiet

MOST_ROWS = 10
"""Classes that are seen at once; of more, the others are scrolled to."""
PROBLEM_LINES = 6
EMPTY = "Open a source to see what it holds"
UNKNOWN = "Known once all pictures were surveyed."
FIRST_LOOK = "Those looked at so far are {}. A survey looks at all."
CHANNELS = ("Red", "Green", "Blue")
NOTHING_N2 = np.zeros((0, 2), np.int32)


class DataOverview(QWidget):
    """What needs every picture to be read is known after a survey. GUI thread only."""

    survey_requested = Signal()
    cancelled = Signal(int)
    """The number of the question that shall end; 0: not known yet."""
    picture_requested = Signal(int)
    """A picture to be shown in the browser, by its number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: SourceView | None = None
        self._survey: SurveyView | None = None
        self.legend = SubsetLegend()
        self.classes = StackedBars("Pictures of each class")
        self.class_area = QScrollArea()
        self.class_area.setWidget(self.classes)
        self.class_area.setWidgetResizable(True)
        self.class_area.setFrameShape(QFrame.Shape.NoFrame)
        self.class_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.class_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sizes = plain_text()
        self.frequent = StackedBars("Most frequent sizes")
        self.colour = quiet_text(UNKNOWN)
        self._build_colours()
        self.alike = quiet_text()
        self.problems = ProblemTable()
        self._build_table()
        self.survey = QPushButton("Survey all pictures")
        self.survey.setToolTip("Read every picture once: sizes, colours, what is damaged or double")
        self.progress = TaskProgress("Survey")
        self.survey.clicked.connect(self._ask)
        self.progress.cancelled.connect(self.cancelled)
        self._lay_out()

    def _build_colours(self) -> None:
        self.colours = QWidget()
        grid = QGridLayout(self.colours)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * RHYTHM)
        grid.setVerticalSpacing(RHYTHM // 2)
        grid.setColumnStretch(len(CHANNELS) + 1, 1)
        self.figures = {}
        for row, name in enumerate(("", "Mean", "Deviation")):
            grid.addWidget(QLabel(name), row, 0)
            for column, channel in enumerate(CHANNELS):
                label = QLabel("" if row else channel)
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(label, row, column + 1)
                if row:
                    self.figures[row, column] = label
                else:
                    make_quiet(label)

    def _build_table(self) -> None:
        self.table = QTableView()
        self.table.setModel(self.problems)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setAccessibleName("Problems")
        self.table.setToolTip("A double click shows the picture")
        line = self.fontMetrics().height() + RHYTHM
        # Most sentences are read in two lines, all in the tool tip.
        height = 2 * self.fontMetrics().lineSpacing() + RHYTHM
        across, down = self.table.horizontalHeader(), self.table.verticalHeader()
        across.setStretchLastSection(True)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        across.setHighlightSections(False)
        across.resizeSection(0, 13 * RHYTHM)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(height)
        down.hide()
        across.setFixedHeight(line)
        self.table.activated.connect(self._show_picture)

    def _lay_out(self) -> None:
        scroll = ScrollColumn()
        self._problem_title = heading("Problems")
        for widget in (
            heading("Classes and subsets"),
            self.legend,
            self.class_area,
            heading("Sizes"),
            self.sizes,
            self.frequent,
            heading("Colours"),
            self.colour,
            self.colours,
            self._problem_title,
            self.alike,
            self.table,
        ):
            scroll.column.addWidget(widget)
        scroll.column.addStretch(1)
        below = QVBoxLayout()
        below.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        below.addWidget(self.survey)
        below.addWidget(self.progress)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addLayout(below)
        waiting = QLabel(EMPTY)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        make_quiet(waiting)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(waiting)
        self._stack.addWidget(page)

    # What there is to show

    def show_source(self, view: SourceView) -> None:
        """Show a source, or the same one divided anew."""
        if self._view is None or self._view.source != view.source:
            self._survey = None
            self.stop()
        self._view = view
        self._stack.setCurrentIndex(1)
        self.legend.show_counts(view.subset_N)
        self.classes.show_counts(view.classes, counts_of(view))
        rows = min(len(view.classes), MOST_ROWS)
        self.class_area.setFixedHeight(rows * ROW_HEIGHT)
        self._show_survey(view, self._survey)

    def show_survey(self, survey: SurveyView) -> None:
        """Show what is known so far."""
        self._survey = survey
        if self._view is not None and survey.source == self._view.source:
            self._show_survey(self._view, survey)

    def show_progress(self, progress: ProgressView) -> None:
        """How far the survey is."""
        if progress.what == "survey":
            self.progress.show_progress(progress)
            self.survey.setVisible(progress.finished)

    def stop(self) -> None:
        """Nothing is being surveyed any more."""
        self.progress.hide()
        self.survey.show()

    def _show_survey(self, view: SourceView, survey: SurveyView | None) -> None:
        self.survey.setText(
            "Survey all pictures again" if survey and survey.finished else "Survey all pictures"
        )
        self._show_sizes(view, survey)
        known = survey is not None and bool(survey.mean_C)
        self.colour.setVisible(not known)
        self.colours.setVisible(known)
        if survey is not None and known:
            for row, figures in ((1, survey.mean_C), (2, survey.std_C)):
                for column, figure in enumerate(figures):
                    self.figures[row, column].setText(f"{figure:.3f}")
        lines, count = troubles_of(view, survey)
        self.problems.show_lines(lines)
        self._problem_title.setText(f"Problems ({count:,})" if lines else "Problems")
        self.alike.setText(_so_far(survey, bool(lines)))
        self.alike.setVisible(bool(self.alike.text()))
        self.table.setVisible(bool(lines))
        height = self.table.verticalHeader().defaultSectionSize()
        above = self.table.horizontalHeader().height()
        self.table.setFixedHeight(above + min(len(lines), PROBLEM_LINES) * height)

    def _show_sizes(self, view: SourceView, survey: SurveyView | None) -> None:
        own = view.own_size_HW
        three, frequent = sizes_of(survey.size_N2 if survey is not None else NOTHING_N2)
        is_whole = survey is not None and survey.done == survey.total
        if own is not None and (not three or view.where == DIGITS.source):
            # Of files, only some were looked at.
            words = "All are {}." if view.where == DIGITS.source else FIRST_LOOK
            self.sizes.setText(words.format(words_of(*own)))
        elif not three:
            self.sizes.setText(UNKNOWN)
        elif len(frequent) == 1:
            self.sizes.setText(f"All{'' if is_whole else ' so far'} are {frequent[0][0]}.")
            frequent = []
        else:
            words_of_three = (words_of(*size) for size in three)
            self.sizes.setText("Smallest {}, median {}, largest {}.".format(*words_of_three))
        unknown = self.sizes.text() == UNKNOWN
        role = QPalette.ColorRole
        self.sizes.setForegroundRole(role.PlaceholderText if unknown else role.WindowText)
        self.frequent.setVisible(bool(frequent))
        counts_RS = np.zeros((len(frequent), len(SUBSET_NAMES)), np.int64)
        counts_RS[:, 0] = [count for _, count in frequent]
        self.frequent.show_counts([name for name, _ in frequent], counts_RS)

    # What a person does

    def _ask(self) -> None:
        self.progress.begin("Beginning …")
        self.survey.hide()
        self.survey_requested.emit()

    def _show_picture(self, index: QModelIndex) -> None:
        picture = self.problems.line(index).picture
        if picture is not None:
            self.picture_requested.emit(picture)


def _so_far(survey: SurveyView | None, any_problem: bool) -> str:
    """What is known of problems beside the lines in the table."""
    if survey is None or not survey.finished:
        return "" if any_problem else "None so far. A survey of all pictures finds them."
    groups = len(survey.alike)
    same = (
        f"{counted(groups, 'group')} of pictures with the same content."
        if groups
        else "No two pictures have the same content."
    )
    return same if any_problem else f"Every picture can be read. {same}"
