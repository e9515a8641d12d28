reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.75333
set bmargin at screen 0.66533
set label "diff.pmt and…ff-new.pmt: live blocks" at screen 0.26667,0.94000 left font ':Bold,13'
set label "A: pid 41: p…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set label "B: pid 41: p…ode alloc\073 nothing lost" at screen 0.26667,0.81667 left font ',9' tc rgb '#555555'
set object rect from screen 0.26667,0.10750 to screen 0.30667,0.11583 front fs solid noborder fc rgb '#332288'
set label "peak 1.05 MiB" at screen 0.63533,0.11167 right font ',9' tc rgb '#555555'
set label "A: …ff.pmt" at screen 0.65533,0.11167 left font ',9'
set object rect from screen 0.26667,0.05083 to screen 0.30667,0.05917 front fs solid noborder fc rgb '#cc6677'
set label "peak 1.38 MiB" at screen 0.63533,0.05500 right font ',9' tc rgb '#555555'
set label "B: …ew.pmt" at screen 0.65533,0.05500 left font ',9'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "MiB" font ',9'
set yrange [0:1.448464]
set ytics 1
plot 'chart.dat' index 0 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#332288', \
     'chart.dat' index 0 using 1:2 with lines lw 1.5 lc rgb '#332288', \
     'chart.dat' index 0 using 1:6:7 with filledcurves fs transparent solid 0.25 noborder lc rgb '#cc6677', \
     'chart.dat' index 0 using 1:5 with lines lw 1.5 lc rgb '#cc6677'
unset arrow
unset label
unset object
set lmargin at screen 0.38867
set rmargin at screen 0.92000
set tmargin at screen 0.43867
set bmargin at screen 0.30667
set label "changed …+352 KiB in all" at screen 0.38867,0.46867 left font ':Bold,9'
unset logscale x
unset xlabel
unset ylabel
set ytics ("app.py:22 load" 0) font ',9'
set yrange [-0.6:0.6]
set label "+352 KiB in +120 blocks" at first 355.0781,0 left font ',9' tc rgb '#555555'
set xrange [0:885.9375]
set xtics autofreq
set format x '%g'
set xlabel "change of live bytes, KiB" offset 0,0.3
plot 'chart.dat' index 1 using 1:3:1:2:($3-0.38):($3+0.38):4 with boxxyerror fs solid noborder lc rgb variable
unset arrow
unset label
unset object
unset multiplot
